using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>However the rows of a step are cut, the step is the same step.</summary>
public sealed class MicroBatchInvarianceTests
{
    public static TheoryData<string, int, int> Cuts => new()
    {
        { "one row each", 1, int.MaxValue },
        { "two rows", int.MaxValue, 2 },
        { "a group or so", 60, int.MaxValue },
        { "groups cut in the middle", 30, 4 },
    };

    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_gradient_of_ViSurf_does_not_depend_on_the_cut(string cut, int tokens, int rows)
        => Compare(cut, tokens, rows, (policy, optimizer) => TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer));

    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_gradient_of_supervised_fine_tuning_does_not_depend_on_the_cut(string cut, int tokens, int rows)
        => Compare(cut, tokens, rows, (policy, optimizer) => TrainerParts.Sft(TinyText.Encoder, policy, optimizer), labelledOnly: true);

    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_gradient_with_a_reference_does_not_depend_on_the_cut(string cut, int tokens, int rows)
    {
        var reference = new FrozenPolicy(Toy.DoublePolicy(99));
        Compare(cut, tokens, rows, (policy, optimizer) =>
            TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
            {
                Objective = new KlPenalty(new ViSurfObjective(), 0.1),
                Reference = reference,
                SkipNeutralGroups = false,
            });
    }

    [Fact]
    public void Leaving_neutral_groups_out_does_not_change_the_gradient()
    {
        // The label "~" of the first question is never sampled; the second question has no label and nothing but zeros, so it is neutral.
        var examples = new[] { TinyText.Example("a", "a", "~"), TinyText.Example("b", "b") };
        var suite = Toy.Suite("tilde", (_, text) => text.Contains('~', StringComparison.Ordinal) ? 1 : 0);
        var (kept, skipped) = (Run(false), Run(true));
        kept.Report.Rewards.NeutralGroups.Should().Be(0.5);
        Distance(kept.Moved, skipped.Moved).Should().BeLessThan(1e-12);
        kept.Moved.Max(Math.Abs).Should().BeGreaterThan(1e-3);

        (double[] Moved, StepReport Report) Run(bool skip)
        {
            var policy = Toy.DoublePolicy(1);
            var before = Toy.Weights(policy);
            using var optimizer = Toy.GradientProbe(policy);
            var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer) with { SkipNeutralGroups = skip };
            var report = new Trainer(parts, Toy.Options with { MaxGradientNorm = double.PositiveInfinity }).Step(examples);
            return (Difference(Toy.Weights(policy), before), report);
        }
    }

    private static void Compare(string cut, int tokens, int rows, Func<IPolicy, AdamWOptimizer, TrainerParts> parts, bool labelledOnly = false)
    {
        var whole = Gradient(int.MaxValue, int.MaxValue);
        var inParts = Gradient(tokens, rows);
        inParts.MicroBatches.Should().BeGreaterThan(1, cut);
        whole.MicroBatches.Should().Be(1);
        whole.Gradient.Max(Math.Abs).Should().BeGreaterThan(1e-4, "a gradient of 0 would prove nothing");
        Distance(whole.Gradient, inParts.Gradient).Should().BeLessThan(1e-9);
        inParts.Report.Updates[0].Loss.Should().BeApproximately(whole.Report.Updates[0].Loss, 1e-6);
        inParts.Report.Updates[0].GradientNorm.Should().BeApproximately(whole.Report.Updates[0].GradientNorm, 1e-6);
        inParts.Report.Updates[0].Metrics.Keys.Should().BeEquivalentTo(whole.Report.Updates[0].Metrics.Keys);
        foreach (var (name, value) in whole.Report.Updates[0].Metrics)
            inParts.Report.Updates[0].Metrics[name].Should().BeApproximately(value, 1e-5, name);

        (double[] Gradient, StepReport Report, int MicroBatches) Gradient(int budget, int limit)
        {
            var policy = Toy.DoublePolicy(3);
            var before = Toy.Weights(policy);
            using var optimizer = Toy.GradientProbe(policy);
            var calls = 0;
            var made = parts(policy, optimizer);
            var counted = made with { Objective = new ProbedObjective(made.Objective, (_, _) => { calls++; return 1; }) };
            var options = Toy.Options with { MicroBatchTokens = budget, MicroBatchRows = limit, MaxGradientNorm = double.PositiveInfinity };
            var report = new Trainer(counted, options).Step(labelledOnly ? Toy.Labelled : Toy.Questions);
            return (Difference(Toy.Weights(policy), before), report, calls);
        }
    }

    private static double[] Difference(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
