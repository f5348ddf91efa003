namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>The parts of a run, the most important first.</summary>
/// <param name="setup">Where everything is.</param>
internal sealed class GpuParts(GpuSetup setup)
{
    public const string Transformers = "transformers";

    private const string Model7B = "model 7B", Model3B = "model 3B";

    /// <summary>What must be equal to the reference's numbers.</summary>
    private const string Parity = "FullyQualifiedName~Parity.Qwen|FullyQualifiedName~LoraParity|FullyQualifiedName~TextOnlyParity"
        + "|FullyQualifiedName~BFloat16Parity|FullyQualifiedName~SamplingParity|FullyQualifiedName~ObjectiveParity|FullyQualifiedName~StoredHeadParity";

    /// <summary>
    /// What makes tensors. Left out is what the archive lacks the files of (tests/gpu/pack.sh), and what has no device: text, pictures,
    /// rewards, reports, the sources themselves.
    /// </summary>
    private const string Suite = "(FullyQualifiedName~.Models.|FullyQualifiedName~.Rollouts.|FullyQualifiedName~.Training.|FullyQualifiedName~.Objectives."
        + "|FullyQualifiedName~.Policies.|FullyQualifiedName~.Common.|FullyQualifiedName~.Evaluation.)"
        + "&FullyQualifiedName!~.Models.Tokens.&FullyQualifiedName!~.Models.Images.&FullyQualifiedName!~.Parity.&FullyQualifiedName!~.RowChecks.";

    private const string SmallParity = "FullyQualifiedName~LoraParity", SmallSuite = "FullyQualifiedName~TokenSelectorTests|FullyQualifiedName~SelectiveLogSoftmaxTests";

    private static readonly string[] Load7B = ["--image-side", "840", "--prompts", "1", "--completion", "256"];

    /// <summary>In small nothing is measured, so a busy machine gets twice the time.</summary>
    public IReadOnlyList<GpuPart> All => setup.Small ? [.. Full.Select(part => part with { Limit = 2 * part.Limit })] : Full;

    // Limits add up to more than the whole: what is expected is half of them, and a part that hangs must not cost the next two.
    private IReadOnlyList<GpuPart> Full =>
    [
        new("torch", [setup.Python, "-c", TorchFacts], Limit: 30, Least: 5) { Impossible = setup.NoPython },
        Bench("symbols", 20, 5, "symbols"),
        Bench("smoke", 45, 10, "step", "--smoke", "--lora", "4"),
        Tests("parity", 80, 20, setup.Small ? SmallParity : Parity),
        Tests("suite", 90, 30, setup.Small ? SmallSuite : Suite),
        Make(Model7B, 60, 20, "qwen2.5-vl-7b"),
        Measure("decode", 75, 25, Model7B, ["decode", "--rows", setup.Small ? "1,2" : "8,64", "--repeat", "2"], Load7B),
        Measure("step 7B LoRA", 75, 30, Model7B, ["step", "--lora", "16", "--steps", "3"], [.. Load7B, "--group", "8"]),
        Make(Model3B, 40, 15, "qwen2.5-vl-3b"),
        Measure("step 3B all weights", 75, 30, Model3B, ["step", "--recompute", "--steps", "2"], [.. Load7B, "--group", "8"]),
        new(Transformers, Peer, Limit: 120, Least: 45) { After = Model7B, Impossible = setup.NoPeer, IsOptional = true },
    ];

    private const string TorchFacts = "import json, torch; cuda = torch.cuda.is_available(); print(json.dumps({'command': 'torch', 'torch': torch.__version__, "
        + "'cuda': torch.version.cuda, 'cudnn': torch.backends.cudnn.version() if cuda else None, 'card': torch.cuda.get_device_name(0) if cuda else None, "
        + "'memory_gb': torch.cuda.get_device_properties(0).total_memory / 1e9 if cuda else None}))";

    private IReadOnlyList<string> Peer =>
    [
        setup.Python, setup.PathOf("transformers_peer.py"), "--model", setup.Model(Model7B), "--device", setup.Device, "--lora", "16",
        .. setup.Small ? ["--image-side", "56", "--group", "2", "--completion", "4", "--steps", "1"]
            : (string[])["--image-side", "840", "--group", "8", "--completion", "256", "--steps", "2"],
    ];

    private GpuPart Bench(string name, int limit, int least, params string[] arguments)
        => new(name, [setup.Dotnet, setup.PathOf("app/ViSurf.Core.Benchmarks.dll"), .. arguments, "--device", setup.Device,
            .. setup.LibTorch is { } folder ? ["--libtorch", folder] : (string[])[],
            // Nothing is measured then, and a small machine has other work.
            .. setup.Small ? ["--torch-threads", "1"] : (string[])[]], limit, least);

    private GpuPart Tests(string name, int limit, int least, string filter)
        => new(name, [setup.Dotnet, setup.PathOf("vstest/vstest.console.dll"), setup.PathOf("app/ViSurf.Core.Tests.dll"), $"--TestCaseFilter:{filter}",
            "--logger:console;verbosity=normal", $"--ResultsDirectory:{setup.Out}"], limit, least) { IsTests = true };

    private GpuPart Make(string name, int limit, int least, string shape)
        => Bench(name, limit, least, ["make-model", "--out", setup.Model(name), "--dtype", "bfloat16", .. setup.Small ? ["--smoke"] : (string[])["--shape", shape]]);

    private GpuPart Measure(string name, int limit, int least, string model, string[] command, string[] load)
        => Bench(name, limit, least, [.. command, "--model", setup.Model(model), "--dtype", "bfloat16", .. setup.Small ? ["--smoke"] : load]) with { After = model };
}
