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

    private BenchmarkModel(string? folder, TinyConfig shape, ScalarType type, Device device, int? rank)
    {
        if (folder is null)
        {
            _temporary = new TemporaryFolder();
            RandomCheckpoint.Write(_temporary.Path, shape with { WeightType = ModelType.Name(type) });
            RandomCheckpoint.WriteWeights(_temporary.Path, type, CPU, seed: 1);
        }
        (Folder, Type, Rank) = (folder ?? _temporary!.Path, type, rank);
        Encoder = QwenPromptEncoder.Load(Folder);
        Policy = QwenVlPolicy.Load(Folder, device, type);
        _adapter = rank is not { } r ? null : LoraAdapter.Attach(Policy, new LoraConfig
        {
            TargetModules = ModuleSelection.AllLinear,
            ExcludeModules = ModuleSelection.Matching(".*visual.*"),
            Rank = r,
            Alpha = 2 * r,
        });
    }

    public static Option[] Options { get; } =
    [
        new("--model", "DIR", "checkpoint directory (a random one of 35M parameters is made)"),
        new("--dtype", "NAME", "float32 or bfloat16, of the weights in memory (float32)"),
        new("--lora", "R", "train LoRA of this rank on the decoder's linear layers (all weights train)"),
    ];

    public string Folder { get; }

    public ScalarType Type { get; }

    /// <summary>Rank of the adapter; null when all weights train.</summary>
    public int? Rank { get; }

    public QwenPromptEncoder Encoder { get; }

    public QwenVlPolicy Policy { get; }

    /// <summary>Made when it is first asked for: decoding needs none.</summary>
    public AdamWOptimizer Optimizer => _optimizer ??= new AdamWOptimizer(Policy.Module);

    public long Parameters => RandomCheckpoint.Parameters(Policy);

    public static BenchmarkModel Open(BenchmarkOptions options)
    {
        var line = options.Line;
        var rank = line.Text("--lora") is null ? null : (int?)line.Number("--lora", 0, 1);
        return new BenchmarkModel(line.Text("--model"), options.Smoke ? new TinyConfig() : RandomCheckpoint.Medium,
            ModelType.Parse(line.Text("--dtype") ?? "float32"), options.Device, rank);
    }

    /// <summary>A model made from sizes, float32, all weights trained.</summary>
    public static BenchmarkModel Make(BenchmarkOptions options, TinyConfig shape) => new(null, shape, ScalarType.Float32, options.Device, null);

    public void Dispose()
    {
        _optimizer?.Dispose();
        _adapter?.Dispose();
        Policy.Dispose();
        _temporary?.Dispose();
    }
}
