using System.Security.Cryptography;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// A training run of the samples' Qwen2.5-VL checkpoint (1.6 M parameters) on its pictures, in seconds. A method is a word of sft, grpo, visurf and what
/// is to be different: <c>visurf lora mu</c>.
/// </summary>
internal sealed class TinyRun : IDisposable
{
    public static readonly string Base = Repository.PathOf("samples", "assets", "tiny-base");

    // A trained model says the same three times at temperature 1, which teaches nothing.
    private const double Temperature = 2;

    private static readonly Lazy<VisionExample[]> Rows = new(() => [.. JsonLinesDataset.Load(Repository.PathOf("samples", "assets", "shapes", "train.jsonl")).Take(5)]);

    private readonly LoraAdapter? _adapter;
    private readonly QwenVlPolicy? _average;

    public TinyRun(string method, TrainingRunOptions options, CheckpointStore? store = null)
    {
        bool Has(string word) => method.Split(' ').Contains(word);
        Policy = QwenVlPolicy.Load(Base, TestDevice.Value, Has("bfloat16") ? ScalarType.BFloat16 : ScalarType.Float32);
        if (Has("frozen")) Freezing.Freeze(Policy.Module, ParameterFilter.Vision);
        if (Has("lora"))
            _adapter = LoraAdapter.Attach(Policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, ExcludeModules = ModuleSelection.Matching(".*visual.*"), Rank = 4 }, seed: 3);
        Optimizer = new AdamWOptimizer(Policy.Module, new AdamWOptions
        {
            LearningRate = LearningRate.Cosine(1e-3, 6, final: 1e-4).WithWarmUp(2),
            StateType = Has("small-state") ? ScalarType.BFloat16 : ScalarType.Float32,
        });
        var encoder = QwenPromptEncoder.Load(Base);
        var sampler = new AutoregressiveSampler(new SamplingOptions { Temperature = Temperature, StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        // Cut off answers are all equally wrong to the real rewards; the share of even tokens tells them apart.
        var suite = VisionReasonerRewards.Suite(side: 84).With(RewardFunction.From("even", (_, c) => c.TokenIds.Count(id => id % 2 == 0) / (double)c.TokenIds.Count));
        var parts = Has("sft") ? TrainerParts.Sft(encoder, Policy, Optimizer)
            : Has("grpo") ? TrainerParts.Grpo(encoder, Policy, sampler, suite, Optimizer)
            : TrainerParts.ViSurf(encoder, Policy, sampler, suite, Optimizer);
        if (Has("adapter-off")) parts = WithReference(parts, _adapter!.Reference);
        if (Has("average"))
        {
            _average = QwenVlPolicy.Load(Base, TestDevice.Value);
            var reference = new MovingAveragePolicy(_average, Policy);
            parts = WithReference(parts, reference) with { AfterStep = [reference.Follow(0.5, every: 2)] };
        }
        var trainer = new Trainer(parts, new TrainerOptions
        {
            Temperature = Temperature, GroupSize = 3, MaxNewTokens = 12, PromptsPerStep = 2, Seed = 5, UpdatesPerRollout = Has("mu") ? 2 : 1, MicroBatchRows = 3,
        });
        var weights = _adapter is null
            ? new CheckpointWeights(directory => Policy.Save(directory), Policy.LoadWeights)
            : new CheckpointWeights(directory => _adapter.Save(directory), _adapter.LoadWeights);
        Run = new TrainingRun(trainer, new ListStream(Rows.Value, seed: 2), options, store, weights);
    }

    public TrainingRun Run { get; }

    public QwenVlPolicy Policy { get; }

    public AdamWOptimizer Optimizer { get; }

    /// <summary>Of every bit that the next step depends on: weights, adapter, optimizer, moving average.</summary>
    public string Hash()
    {
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var modules = new[] { Policy.Module, _average?.Module }.OfType<nn.Module>();
        var tensors = modules.SelectMany(m => m.named_parameters()).Select(p => (p.name, Value: (Tensor)p.parameter)).Concat(Optimizer.AsPart().Save().Tensors);
        foreach (var (name, value) in tensors)
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(TestDevice.BytesOf(value));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _adapter?.Dispose();
        _average?.Dispose();
        Optimizer.Dispose();
        Policy.Dispose();
    }

    private static TrainerParts WithReference(TrainerParts parts, IPolicy reference)
        => parts with { Reference = reference, SkipNeutralGroups = false, Objective = new KlPenalty(parts.Objective, 0.1) };
}
