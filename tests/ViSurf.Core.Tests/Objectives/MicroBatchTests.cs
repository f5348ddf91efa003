using CsCheck;
using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Objectives;

public sealed class MicroBatchTests
{
    /// <summary>Groups of different sizes (the third example has no label) and rows of different lengths.</summary>
    private static readonly Row[] Rows =
    [
        new(0, "a longer answer", 1.0), new(0, "x", -0.4), new(0, "y", 0.7, Label: true),
        new(1, "abc", -1.2), new(1, "", 0.3), new(1, "right", 1.8, Label: true),
        new(2, "qq", 0.5), new(2, "rrrrrrr", -0.5),
    ];

    public static TheoryData<string> Objectives() => [.. All.Keys];

    private static readonly Dictionary<string, Func<IObjective>> All = new()
    {
        ["visurf"] = () => new ViSurfObjective(),
        ["token mean"] = () => new ViSurfObjective(new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean }),
        ["sequence sum"] = () => new ViSurfObjective(new ClippedPolicyOptions { Aggregation = LossAggregation.SequenceSum, RatioLevel = RatioLevel.Sequence }),
        ["constant"] = () => new ViSurfObjective(new ClippedPolicyOptions { Aggregation = LossAggregation.Constant }),
        ["supervised"] = () => new MaximumLikelihoodObjective(),
        ["supervised by sequence"] = () => new MaximumLikelihoodObjective(LossAggregation.SequenceMean),
        ["with KL"] = () => new KlPenalty(new ViSurfObjective(), 0.04),
        ["with entropy"] = () => new EntropyBonus(new ViSurfObjective(), 0.01),
    };

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Any_split_of_a_step_gives_the_same_loss_metrics_and_gradient(string name)
    {
        using var step = new ObjectiveStep(3, Rows, "first", "the second one", "3") { Old = TinyText.Policy(4) };
        var whole = step.Run(All[name]());

        // A random order of the rows, cut after each row with probability one half.
        var splits = Gen.Select(Gen.Shuffle(Enumerable.Range(0, Rows.Length).ToArray()), Gen.Bool.Array[Rows.Length]);
        splits.Sample((order, cuts) =>
        {
            var parts = new List<List<int>> { new() };
            for (var i = 0; i < order.Length; i++)
            {
                parts[^1].Add(order[i]);
                if (cuts[i] && i + 1 < order.Length) parts.Add([]);
            }
            var split = step.Run(All[name](), [.. parts.Select(p => p.ToArray())]);
            split.Loss.Should().BeApproximately(whole.Loss, 1e-12);
            foreach (var (metric, value) in whole.Metrics) split.Metrics[metric].Should().BeApproximately(value, 1e-12, metric);
            for (var i = 0; i < whole.Gradient.Length; i++)
                if (Math.Abs(split.Gradient[i] - whole.Gradient[i]) > 1e-12) split.Gradient[i].Should().BeApproximately(whole.Gradient[i], 1e-12);
        }, iter: 6, threads: 1);
    }
}
