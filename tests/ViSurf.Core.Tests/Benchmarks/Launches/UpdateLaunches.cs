using ViSurf.Core.Benchmarks.Launches;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Benchmarks.Launches;

/// <summary>
/// What one update launches: a decoder of as many layers as Qwen2.5-VL-7B's and of every kind of layer it has, only narrow, with a
/// prompt and three completions of different lengths. Widths change no count but the head's, which is cut by them.
/// </summary>
internal sealed class UpdateLaunches : IPolicy, IDisposable
{
    public const int Layers = 28;
    private const int Vocabulary = 64;

    private readonly QwenVlModule _module;
    private readonly LoraAdapter? _adapter;
    private readonly AdamWOptimizer _optimizer;
    private readonly bool _recompute;
    private readonly int _layers;

    public UpdateLaunches(bool fused, bool lora, ScalarType type = ScalarType.BFloat16, bool recompute = false, int layers = Layers)
    {
        (_recompute, _layers) = (recompute, layers);
        _module = new QwenVlModule(Config(layers), type, CPU);
        using (no_grad())
        {
            using var scope = NewDisposeScope();
            using var random = new Generator(1, CPU);
            foreach (var parameter in _module.parameters()) parameter.copy_(randn(parameter.shape, device: CPU, generator: random).Times(0.1));
        }
        _module.Fuse(fused);
        if (lora)
        {
            _adapter = LoraAdapter.Attach(this, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2 });
            using var noGrad = no_grad();
            foreach (var (_, value) in _adapter.Parameters) value.fill_(Scalars.Of(0.01));
        }
        _optimizer = new AdamWOptimizer(_module, new AdamWOptions { Fused = fused });
    }

    public nn.Module Module => _module;

    /// <summary>
    /// Launches of each part of the second update: the first makes AdamW's state. The CPU has the fused norm as a formula, whose backward
    /// pass is many operators; on CUDA it is two, and so it is counted.
    /// </summary>
    public (int Score, int Backward, int Norm, int Step, int Waits, string Details) Count()
    {
        using var scope = NewDisposeScope();
        using var prompt = new EncodedPrompt(VisionExample.Ask("row", "?", null), [1, 2, 3, 4, 5], [], null);
        using var prompts = Collator.Prompts([prompt]);
        using var batch = Collator.Sequences(prompts, [(0, [6, 7, 8, 9]), (0, [10, 11]), (0, [12, 13, 14])]);
        Update(batch, null);
        var counts = new List<(int Launches, int Waits, string Details)>();
        Update(batch, (_, part) =>
        {
            using var counter = new OperatorCounter();
            part();
            counts.Add((counter.Total, counter.Waits, counter.ToString()));
        });
        return (counts[0].Launches, counts[1].Launches - (_module.IsFused ? FormulaNorms() : 0), counts[2].Launches, counts[3].Launches, counts.Sum(c => c.Waits),
            string.Join("\n", counts.Select(c => c.Details)));
    }

    public TokenScores Score(SequenceBatch batch) => GroupScores.Of(_module, batch, _recompute);

    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens) => throw new NotSupportedException();

    public void Dispose()
    {
        _optimizer.Dispose();
        _adapter?.Dispose();
        _module.Dispose();
    }

    /// <summary>Launches too many in the backward passes of all norms.</summary>
    private int FormulaNorms()
    {
        using var scope = NewDisposeScope();
        var full = _adapter is null;
        var (x, weight) = (ones([2, 8], device: CPU).requires_grad_(), ones([8], device: CPU).requires_grad_(full));
        var normed = FusedRmsNorm.Of(x, weight, 1e-6).Normed;
        var pull = ones_like(normed);
        using var counter = new OperatorCounter();
        autograd.grad([normed], full ? [x, weight] : [x], [pull]);
        counter.Dispose();
        // With an adapter the embedding does not train, so the first norm has no gradient to pass on.
        return (2 * _layers + (full ? 1 : 0)) * (counter.Total - LaunchTable.Of("aten::_fused_rms_norm_backward", hasInner: false));
    }

    private static QwenVlConfig Config(int layers) => new()
    {
        ModelType = "qwen2",
        Vision = null,
        Text = new QwenTextConfig
        {
            VocabularySize = Vocabulary,
            HiddenSize = 32,
            IntermediateSize = 48,
            Layers = layers,
            Heads = 4,
            KeyValueHeads = 2,
            HeadSize = 8,
            RopeSection = [],
        },
    };

    private void Update(SequenceBatch batch, Action<string, Action>? counted)
    {
        counted ??= (_, part) => part();
        TokenScores? scores = null;
        counted("score", () => scores = Score(batch));
        var loss = scores!.LogProbs.sum();
        counted("backward", () => scores.Backward(loss));
        counted("norm", () => _optimizer.GradientNorm());
        counted("step", () => _optimizer.Step(0.5));
        _optimizer.ZeroGradients();
        scores.Dispose();
    }
}
