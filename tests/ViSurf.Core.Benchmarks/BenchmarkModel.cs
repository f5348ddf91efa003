using Samples.Shared;
using TinyBase.Checkpoint;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Training;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>The model that is measured, with an optimizer over what trains. Without a directory it is made, and gone at the end.</summary>
internal sealed class BenchmarkModel : IDisposable
{
    private readonly TemporaryFolder? _temporary;
    private readonly LoraAdapter? _adapter;
    private AdamWOptimizer? _optimizer;

    private BenchmarkModel(string? folder, TinyConfig shape, QwenVlOptions loading, int? rank, ScalarType moments = ScalarType.Float32)
    {
        var type = loading.Type;
        if (folder is null)
        {
            _temporary = new TemporaryFolder();
            RandomCheckpoint.Write(_temporary.Path, shape with { WeightType = ModelType.Name(type) });
            RandomCheckpoint.WriteWeights(_temporary.Path, type, CPU, seed: 1);
        }
        (Folder, Type, Rank, Moments, Recompute) = (folder ?? _temporary!.Path, type, rank, moments, loading.RecomputeLayers);
        Fused = loading.Fused ?? loading.Device?.type == TorchSharp.DeviceType.CUDA;
        Encoder = QwenPromptEncoder.Load(Folder);
        Policy = QwenVlPolicy.FromDirectory(Folder, loading);
        _adapter = rank is not { } r ? null : LoraAdapter.Attach(Policy, new LoraConfig
        {
            TargetModules = ModuleSelection.AllLinear,
            ExcludeModules = ModuleSelection.Matching(".*visual.*"),
            Rank = r,
            Alpha = 2 * r,
        });
    }

    public static IReadOnlyList<Option> Options =>
    [
        new("--model", "DIR", "checkpoint directory (a random one of 35M parameters is made)"),
        new("--dtype", "NAME", "float32 or bfloat16, of the weights in memory (float32)"),
        new("--fused", "WHICH", "yes or no: few large operators or many small ones (yes on CUDA, no elsewhere)"),
        .. Training,
    ];

    /// <summary>Those that only an update has.</summary>
    public static IReadOnlyList<Option> Training { get; } =
    [
        new("--lora", "R", "train LoRA of this rank on the decoder's linear layers (all weights train)"),
        new("--recompute", null, "keep only what goes from layer to layer for the backward pass, and compute the rest again"),
        new("--moments", "NAME", "float32 or bfloat16, of AdamW's moments (float32)"),
    ];

    public string Folder { get; }

    public ScalarType Type { get; }

    /// <summary>Rank of the adapter; null when all weights train.</summary>
    public int? Rank { get; }

    /// <summary>Whether few large operators are taken instead of many small ones.</summary>
    public bool Fused { get; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public bool Recompute { get; }

    /// <summary>Dtype of AdamW's moments.</summary>
    public ScalarType Moments { get; }

    public QwenPromptEncoder Encoder { get; }

    public QwenVlPolicy Policy { get; }

    /// <summary>Made when it is first asked for: decoding needs none.</summary>
    public AdamWOptimizer Optimizer => _optimizer ??= new AdamWOptimizer(Policy.Module, new AdamWOptions { StateType = Moments });

    public long Parameters => RandomCheckpoint.Parameters(Policy);

    public static BenchmarkModel Open(BenchmarkOptions options)
    {
        var line = options.Line;
        var rank = line.Text("--lora") is null ? null : (int?)line.Number("--lora", 0, 1);
        var loading = new QwenVlOptions
        {
            Device = options.Device,
            Type = ModelType.Parse(line.Text("--dtype") ?? "float32"),
            RecomputeLayers = line.Has("--recompute"),
            Fused = YesOrNo(line, "--fused"),
        };
        return new BenchmarkModel(line.Text("--model"), options.Smoke ? new TinyConfig() : RandomCheckpoint.Medium, loading, rank,
            ModelType.Parse(line.Text("--moments") ?? "float32", "--moments"));
    }

    /// <summary>A model made from sizes, float32, all weights trained.</summary>
    public static BenchmarkModel Make(BenchmarkOptions options, TinyConfig shape) => new(null, shape, new QwenVlOptions { Device = options.Device }, null);

    public void Dispose()
    {
        _optimizer?.Dispose();
        _adapter?.Dispose();
        Policy.Dispose();
        _temporary?.Dispose();
    }

    private static bool? YesOrNo(CommandLine line, string option) => line.Text(option) switch
    {
        null => null,
        "yes" => true,
        "no" => false,
        var other => throw new ArgumentException($"Expected {option} yes or no, got '{other}'."),
    };
}
