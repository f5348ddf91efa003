using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>Prints the machine's rates.</summary>
internal static class MachineCommand
{
    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("machine: matmul rate and copy bandwidth, best of the measurements", 3, args) is not { } options) return;
        Machine.Print(options);
        var table = new Table("what", "rate", "unit");
        table.Add("matmul float32", Rates.Matmul(options, ScalarType.Float32) / 1e9, "GFLOP/s");
        table.Add("matmul bfloat16", Rates.Matmul(options, ScalarType.BFloat16) / 1e9, "GFLOP/s");
        table.Add("copy, read + write", Rates.Copy(options) / 1e9, "GB/s");
        Console.WriteLine(table);
    }
}
