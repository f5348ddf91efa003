using Samples.Shared;
using TorchSharp;
using ViSurf.Core.Common;

namespace ViSurf.Core.Benchmarks;

/// <summary>What every command may be told.</summary>
internal sealed class BenchmarkOptions
{
    private const string RepeatOption = "--repeat", ThreadsOption = "--torch-threads";

    private BenchmarkOptions(CommandLine line, (string Option, int Count) repeat)
    {
        Line = line;
        Smoke = line.Has("--smoke");
        Repeat = line.Number(repeat.Option, Smoke ? 1 : repeat.Count, 1);
        if (line.Text("--libtorch") is { } folder) LibTorchFolder.Load(folder);
        if (line.Text(ThreadsOption) is not null) torch.set_num_threads(line.Number(ThreadsOption, 0, 1));
        Device = TorchBackend.Device(line.Text("--device") ?? "cpu");
    }

    public CommandLine Line { get; }

    /// <summary>Sizes so small that the numbers mean nothing: only to see that the command runs.</summary>
    public bool Smoke { get; }

    /// <summary>Measurements of each quantity, after one that is thrown away.</summary>
    public int Repeat { get; }

    public torch.Device Device { get; }

    /// <returns>Null when help was asked for and printed.</returns>
    public static BenchmarkOptions? Parse(string usage, int repeat, string[] args, params Option[] more)
        => Parse(usage, (RepeatOption, repeat), args, more);

    /// <summary>The same, for a command whose measurements have another name.</summary>
    /// <returns>Null when help was asked for and printed.</returns>
    public static BenchmarkOptions? Parse(string usage, (string Option, int Count) repeat, string[] args, params Option[] more)
    {
        var line = new CommandLine(usage,
        [
            new Option("--device", "NAME", "cpu, cuda or cuda:N (cpu)"),
            new Option("--libtorch", "DIR", "folder of libtorch to use, such as torch/lib of a Python install (the package's)"),
            new Option(ThreadsOption, "N", "threads of a libtorch operation (libtorch's choice, the physical cores it sees)"),
            new Option(repeat.Option, "N", $"measurements, after one that is thrown away ({repeat.Count})"),
            new Option("--smoke", null, "tiny sizes, one measurement: only to see that it runs"),
            .. more,
        ]).Parse(args);
        if (!line.WantsHelp) return new BenchmarkOptions(line, repeat);
        Console.WriteLine(line.Help);
        return null;
    }

    /// <summary>Waits for the device, so that a clock read now counts finished work.</summary>
    public void Synchronize()
    {
        if (Device.type == DeviceType.CUDA) torch.cuda.synchronize();
    }
}
