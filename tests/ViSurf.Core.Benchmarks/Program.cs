using ViSurf.Core.Benchmarks;
using ViSurf.Core.Benchmarks.Gpu;
using ViSurf.Core.Benchmarks.Parts;

const string Usage = """
    Benchmarks of ViSurf.Core.
      machine     matmul rate and copy bandwidth of this machine, as libtorch reaches them
      make-model  a Qwen2.5-VL checkpoint directory with random weights
      step        seconds and memory of a ViSurf training step of a 35M-parameter Qwen2.5-VL
      decode      tokens per second of its rollouts
      scale       how a step grows with group, prompt and completion
      parts       layers, scoring, decoding, pictures and rewards one by one (BenchmarkDotNet)
      memory      planned and measured memory of such a step
      load        seconds and peak memory of loading a checkpoint
      flat        live tensors and resident memory over 500 steps of a tiny model
      symbols     functions that this libtorch lacks
      gpu         tests and measurements on a machine with a GPU, within minutes (tests/gpu/run.sh calls it)
      overhead    share of a 1.5M-parameter model's step that is spent in managed code
    Each says more with --help.
    """;

try
{
    switch (args)
    {
        case ["machine", ..]:
            MachineCommand.Execute(args[1..]);
            return 0;
        case ["make-model", ..]:
            MakeModelCommand.Execute(args[1..]);
            return 0;
        case ["step", ..]:
            StepCommand.Execute(args[1..]);
            return 0;
        case ["load", ..]:
            LoadCommand.Execute(args[1..]);
            return 0;
        case ["decode", ..]:
            DecodeCommand.Execute(args[1..]);
            return 0;
        case ["scale", ..]:
            ScaleCommand.Execute(args[1..]);
            return 0;
        case ["parts", ..]:
            PartsCommand.Execute(args[1..]);
            return 0;
        case ["memory", ..]:
            MemoryCommand.Execute(args[1..]);
            return 0;
        case ["flat", ..]:
            FlatCommand.Execute(args[1..]);
            return 0;
        case ["symbols", ..]:
            SymbolsCommand.Execute(args[1..]);
            return 0;
        case ["gpu", ..]:
            return GpuCommand.Execute(args[1..]);
        case ["overhead", ..]:
            OverheadCommand.Execute(args[1..]);
            return 0;
        default:
            Console.WriteLine(Usage);
            return args is [] or ["--help"] ? 0 : 2;
    }
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException or DllNotFoundException or IOException or InvalidDataException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
