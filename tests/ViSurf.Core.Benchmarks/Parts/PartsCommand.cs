using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Samples.Shared;

namespace ViSurf.Core.Benchmarks.Parts;

/// <summary>The parts of a step one by one, by BenchmarkDotNet.</summary>
internal static class PartsCommand
{
    private static readonly Type[] All = [typeof(LayerParts), typeof(EngineParts), typeof(ManagedParts)];

    private static readonly Option[] More =
    [
        new("--filter", "TEXT", "only parts whose class or name contains it, such as SwiGlu or EngineParts (all)"),
        new("--dtype", "NAME", "float32 or bfloat16 (float32)"),
    ];

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("parts: layers, scoring, decoding, pictures and rewards one by one", 5, args, More) is not { } options) return;
        (PartsSize.Device, PartsSize.Smoke, PartsSize.Type) = (options.Device, options.Smoke, ModelType.Parse(options.Line.Text("--dtype") ?? "float32"));
        Machine.Print(options);
        using var artifacts = new TemporaryFolder();
        var config = Config(options, artifacts.Path);
        var summaries = BenchmarkRunner.Run(All, config);
        var reports = summaries.SelectMany(s => s.Reports).ToArray();
        if (reports.Length == 0) throw new ArgumentException($"Expected --filter to name a part, got '{options.Line.Text("--filter")}'.");
        if (reports.FirstOrDefault(r => !r.Success) is { } failed)
            throw new InvalidOperationException($"Expected a measurement of every part, got none of {Name(failed.BenchmarkCase)}; its error stands above.");
        foreach (var summary in summaries.Where(s => s.Reports.Length > 0)) MarkdownExporter.Console.ExportToLog(summary, new TextLogger(Console.Out));
        JsonLine.Print(new
        {
            command = "parts",
            device = $"{options.Device}",
            dtype = ModelType.Name(PartsSize.Type),
            median_us = reports.ToDictionary(r => Name(r.BenchmarkCase), r => r.ResultStatistics!.Median / 1e3),
            allocated_bytes = reports.ToDictionary(r => Name(r.BenchmarkCase), r => r.GcStats.GetBytesAllocatedPerOperation(r.BenchmarkCase)),
        });
    }

    /// <summary>In this process: a child would have to be built with libtorch again, and would not know --libtorch. Progress goes to the error stream.</summary>
    private static ManualConfig Config(BenchmarkOptions options, string artifacts)
    {
        var job = (options.Smoke ? Job.Dry : Job.Default.WithWarmupCount(2).WithIterationCount(options.Repeat)).WithToolchain(InProcessEmitToolchain.Instance);
        var config = ManualConfig.CreateEmpty().AddJob(job).AddColumnProvider(DefaultColumnProviders.Instance).AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(new TextLogger(Console.Error)).WithArtifactsPath(artifacts).WithOptions(ConfigOptions.DisableLogFile);
        return options.Line.Text("--filter") is { } filter
            ? config.AddFilter(new SimpleFilter(part => Name(part).Contains(filter, StringComparison.OrdinalIgnoreCase)))
            : config;
    }

    private static string Name(BenchmarkCase part) => $"{part.Descriptor.Type.Name}.{part.Descriptor.WorkloadMethod.Name}";
}
