using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>Tasks small enough to learn in a second.</summary>
internal static class Toy
{
    /// <summary>Readable text, ended by the stop token.</summary>
    public static AutoregressiveSampler Sampler { get; }
        = new(new SamplingOptions { StopIds = [TinyText.Stop], SuppressedIds = TinyText.Unprintable });

    public static AutoregressiveSampler Greedy { get; }
        = new(new SamplingOptions { Temperature = 0, StopIds = [TinyText.Stop], SuppressedIds = TinyText.Unprintable });

    public static TrainerOptions Options { get; } = new() { GroupSize = 6, MaxNewTokens = 5, MaxPromptTokens = 64, Seed = 7 };

    /// <summary>1 when the text is the label's.</summary>
    public static RewardSuite Exact { get; } = Suite("exact", (example, text) => text == ((TextTarget)example.Target!).Text ? 1 : 0);

    /// <summary>The fraction of small letters: something a random policy sometimes does and can do more often.</summary>
    public static RewardSuite SmallLetters { get; } = Suite("small_letters",
        (_, text) => text.Length == 0 ? 0 : text.Count(char.IsAsciiLetterLower) / (double)text.Length);

    public static IReadOnlyList<VisionExample> Questions { get; } =
    [
        TinyText.Example("one", "what is one?", "uno"),
        TinyText.Example("two", "two", "dos"),
        TinyText.Example("free", "say anything"),   // no label: its group has one row less
        TinyText.Example("three", "and three?", "tres"),
    ];

    public static IReadOnlyList<VisionExample> Labelled { get; } = [.. Questions.Where(q => q.Target is not null)];

    public static RewardSuite Suite(string name, Func<VisionExample, string, double> score) => new(new Reward(name, score));

    public static ModulePolicy DoublePolicy(long seed) => new((TinyModule)new TinyModule(seed).to(ScalarType.Float64));

    public static AdamWOptimizer Optimizer(IPolicy policy, double rate = 0.01)
        => new(policy.Module, new AdamWOptions { LearningRate = _ => rate, WeightDecay = 0 });

    /// <summary>
    /// With ε = 1e6 AdamW's first update at rate 1e6 is g / (1 + |g| / 1e6): the weights move by the gradient itself, to one part in a million.
    /// </summary>
    public static AdamWOptimizer GradientProbe(IPolicy policy)
        => new(policy.Module, new AdamWOptions { LearningRate = _ => 1e6, Epsilon = 1e6, WeightDecay = 0 });

    public static double[] Weights(IPolicy policy)
    {
        using var scope = NewDisposeScope();
        return [.. policy.Module.parameters().SelectMany(p => p.detach().to(ScalarType.Float64).cpu().data<double>().ToArray())];
    }

    private sealed class Reward(string name, Func<VisionExample, string, double> score) : IRewardFunction
    {
        public string Name => name;

        public double? Score(VisionExample example, Completion completion) => score(example, completion.Text);
    }
}

/// <summary>An objective that looks at what it is given, or spoils it, before the real one sees it.</summary>
internal sealed class ProbedObjective(IObjective inner, Func<TokenScores, UpdateBatch, double> factor) : IObjective
{
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        var scale = factor(current, batch);
        using var result = inner.Evaluate(current, batch);
        return ObjectiveResult.Of(result.Loss.Times(scale), [.. result.Metrics.Select(m => (m.Name, m.Value.clone()))]);
    }
}
