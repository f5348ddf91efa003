using CsCheck;
using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

/// <summary>What every objective holds, whatever its formula.</summary>
public sealed class ObjectiveContractTests
{
    /// <summary>Groups of different sizes (the third example has no label), rows of different lengths, one of them with a prefix from a label.</summary>
    private static readonly Row[] Rows =
    [
        new(0, "a longer answer", 1.0) { Reward = 1 }, new(0, "x", -0.4), new(0, "y", 0.7, Label: true) { Reward = 1 },
        new(1, "abc", -1.2) { Prefix = 2 }, new(1, "", 0.3), new(1, "right", 1.8, Label: true) { Reward = 1 },
        new(2, "qq", 0.5) { Reward = 1 }, new(2, "rrrrrrr", -0.5),
    ];

    public static TheoryData<string> Names() => ObjectiveCatalog.Names();

    public static TheoryData<string> Silent() => ObjectiveCatalog.Silent();

    public static TheoryData<string> Linear() => ObjectiveCatalog.Linear();

    [Fact]
    public void No_objective_of_the_library_is_left_out()
        => ObjectiveCatalog.All.Values.Select(claims => claims.Make().GetType()).Distinct().Should().BeEquivalentTo(
            typeof(IObjective).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IObjective)) && !t.IsInterface));

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_cut_of_a_step_gives_the_same_loss_metrics_and_gradient(string name)
    {
        using var step = Step();
        var whole = step.Run(Make(name));
        whole.Gradient.Max(Math.Abs).Should().BeGreaterThan(1e-6, "a gradient of 0 would prove nothing");
        var one = Enumerable.Range(0, Rows.Length).Select(i => new[] { i }).ToArray();
        Same(whole, step.Run(Make(name), one));
        Same(whole, step.Run(Make(name), [.. one.Select(p => p[0]).Chunk(2)]));
        // A random order of the rows, cut after each row with probability one half.
        Gen.Select(Gen.Shuffle(Enumerable.Range(0, Rows.Length).ToArray()), Gen.Bool.Array[Rows.Length]).Sample((order, cuts) =>
        {
            var parts = new List<List<int>> { new() };
            for (var i = 0; i < order.Length; i++)
            {
                parts[^1].Add(order[i]);
                if (cuts[i] && i + 1 < order.Length) parts.Add([]);
            }
            Same(whole, step.Run(Make(name), [.. parts.Select(p => p.ToArray())]));
        }, iter: 4, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_step_with_every_row_twice_is_the_same_step(string name)
    {
        using var once = Step();
        using var twice = Step([.. Rows, .. Rows]);
        var (first, second) = (once.Run(Make(name)), twice.Run(Make(name)));
        second.Loss.Should().BeApproximately(first.Loss, 1e-12);
        Near(second.Gradient, first.Gradient, 1e-12);
    }

    [Theory]
    [MemberData(nameof(Silent))]
    public void Where_every_advantage_is_zero_so_is_the_gradient(string name)
    {
        using var step = Step([.. Rows.Select(row => row with { Advantage = 0 })]);
        step.Run(Make(name)).Gradient.Should().OnlyContain(g => g == 0);
    }

    [Theory]
    [MemberData(nameof(Linear))]
    public void Advantages_three_times_as_large_give_three_times_the_gradient(string name)
    {
        using var step = Step();
        using var scaled = Step([.. Rows.Select(row => row with { Advantage = 3 * row.Advantage })]);
        Near(scaled.Run(Make(name)).Gradient, [.. step.Run(Make(name)).Gradient.Select(g => 3 * g)], 1e-12);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_token_that_the_policy_term_leaves_out_still_counts_in_the_sizes(string name)
    {
        // Restricting the policy term to all tokens is no restriction.
        using var free = Step();
        using var all = Step(all: true);
        var (first, second) = (free.Run(Make(name)), all.Run(Make(name)));
        second.Loss.Should().Be(first.Loss);
        second.Gradient.Should().Equal(first.Gradient);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_in_the_padding_never_matters(string name)
    {
        var (loss, gradient, metrics) = Padded(Make(name), 0);
        gradient.Should().Contain(g => g != 0).And.NotContain(double.NaN);
        // Row 0 has two tokens of four, row 1 has three.
        foreach (var i in new[] { 2, 3, 7 }) gradient[i].Should().Be(0);
        foreach (var content in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e30, -7 })
        {
            var spoiled = Padded(Make(name), content);
            spoiled.Loss.Should().Be(loss);
            spoiled.Gradient.Should().Equal(gradient);
            spoiled.Metrics.Should().Equal(metrics);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Log_ratios_of_ten_thousand_stay_finite_in_float32(string name)
    {
        // Every combination of a token that is certain or impossible now, was so before, and is so for the reference; both signs of Â.
        using var scope = NewDisposeScope();
        float[] extreme = [0, -1e4f];
        var cases = (from now in extreme from old in extreme from reference in extreme from a in new[] { 1f, -1f } select (now, old, reference, a)).ToArray();
        var n = cases.Length;
        var current = tensor(cases.Select(c => c.now).ToArray(), [n, 1]).requires_grad_();
        using var scores = new TokenScores(current, full([n, 1], Scalars.Of(12.0), ScalarType.Float32));
        using var batch = new UpdateBatch
        {
            Advantages = tensor(cases.Select(c => c.a).ToArray(), [n, 1]),
            CompletionMask = ones([n, 1], ScalarType.Bool),
            IsDemonstration = tensor(cases.Select((_, i) => i % 3 == 0).ToArray(), [n, 1]),
            SequenceWeights = full([n, 1], Scalars.Of(1.0 / n), ScalarType.Float32),
            Scale = new LossScale(n, (n + 2) / 3, n, (n + 2) / 3, 1),
            OldLogProbs = tensor(cases.Select(c => c.old).ToArray(), [n, 1]),
            ReferenceLogProbs = tensor(cases.Select(c => c.reference).ToArray(), [n, 1]),
            Rewards = tensor(cases.Select((_, i) => i % 2f).ToArray(), [n, 1]),
        };
        using var result = Make(name).Evaluate(scores, batch);
        result.Loss.backward();
        float.IsFinite(result.Loss.item<float>()).Should().BeTrue();
        current.grad!.Values().Should().OnlyContain(g => double.IsFinite(g));
        foreach (var (metric, value) in result.Metrics) float.IsFinite(value.item<float>()).Should().BeTrue(metric);
    }

    private static IObjective Make(string name) => ObjectiveCatalog.All[name].Make();

    private static ObjectiveStep Step(Row[]? rows = null, bool all = false)
        => new(3, rows ?? Rows, "first", "the second one", "3") { Old = TinyText.Policy(4), RestrictToAll = all };

    private static void Same((double Loss, double[] Gradient, Dictionary<string, double> Metrics) whole, (double Loss, double[] Gradient, Dictionary<string, double> Metrics) split)
    {
        split.Loss.Should().BeApproximately(whole.Loss, 1e-12);
        foreach (var (metric, value) in whole.Metrics) split.Metrics[metric].Should().BeApproximately(value, 1e-12, metric);
        Near(split.Gradient, whole.Gradient, 1e-12);
    }

    private static void Near(double[] actual, double[] expected, double tolerance)
    {
        actual.Should().HaveSameCount(expected);
        for (var i = 0; i < expected.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance)) actual[i].Should().BeApproximately(expected[i], tolerance, "element {0}", i);
    }

    private static (double Loss, double[] Gradient, double[] Metrics) Padded(IObjective objective, double content)
    {
        using var scope = NewDisposeScope();
        var mask = TinyTensors.Mask([2, 3], 4);
        var current = Filled([-1.0, -2.0, -0.5, -0.7, -3.0, -1.1, -0.2, -0.4]);
        current.requires_grad_();
        var entropy = Filled([1, 2, 3, 4, 5, 6, 7, 8]);
        entropy.requires_grad_();
        using var scores = new TokenScores(current, entropy);
        using var batch = new UpdateBatch
        {
            Advantages = Filled([1, 1, 1, 1, -2, -2, -2, -2]),
            CompletionMask = mask,
            IsDemonstration = tensor(new[] { false, true }, [2, 1]),
            SequenceWeights = full([2, 1], Scalars.Of(0.5), ScalarType.Float64),
            Scale = new LossScale(5, 3, 2, 1, 4),
            OldLogProbs = Filled([-1.1, -1.9, -0.5, -0.7, -2.5, -1.2, -0.3, -0.4]),
            ReferenceLogProbs = Filled([-1.2, -2.2, -0.5, -0.7, -2.9, -1.0, -0.1, -0.4]),
            Rewards = tensor(new[] { 0.0, 1.0 }, [2, 1]),
            Step = 3,
        };
        using var result = objective.Evaluate(scores, batch);
        result.Loss.backward();
        return (result.Loss.item<double>(), current.grad!.Values(), [.. result.Metrics.Select(m => m.Value.item<double>())]);

        Tensor Filled(double[] values) => where(mask, tensor(values, [2, 4]), tensor(content));
    }
}
