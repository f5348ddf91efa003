using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>Rollouts that continue the beginning of a label, and the masks that say whose token is whose and which of them count.</summary>
public sealed class PrefixTests
{
    private static readonly DemonstrationInjector Labels = new(TinyText.Encoder, LabelFormat.Bare);

    [Fact]
    public void The_last_rollouts_of_a_group_continue_the_label()
    {
        var report = Step(new PrefixSampler(Toy.Sampler, Labels, (_, tokens, _) => tokens / 2, copies: 2), out _);
        foreach (var group in report.Groups)
        {
            var completions = group.Scored.Group.Completions;
            completions.Should().HaveCount(6);
            var label = Labels.Demonstration(group.Scored.Group.Example);
            completions.Select(c => c.PrefixTokens).Should().Equal(label is null ? [0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, label.TokenIds.Count / 2, label.TokenIds.Count / 2]);
            foreach (var completion in completions.Where(c => c.PrefixTokens > 0))
            {
                completion.TokenIds.Take(completion.PrefixTokens).Should().Equal(label!.TokenIds.Take(completion.PrefixTokens));
                completion.TokenIds.Count.Should().BeInRange(completion.PrefixTokens + 1, Toy.Options.MaxNewTokens);
                completion.Text.Should().StartWith(label.Text[..completion.PrefixTokens]);
                completion.LogProbs.Should().BeNull();
            }
            completions.Where(c => c.PrefixTokens == 0).Should().OnlyContain(c => c.LogProbs!.Count == c.TokenIds.Count);
        }
    }

    [Fact]
    public void A_prefix_never_holds_the_whole_label()
        => Step(new PrefixSampler(Toy.Sampler, Labels, (_, _, _) => int.MaxValue), out _)
            .Groups.SelectMany(g => g.Scored.Group.Completions).Where(c => c.PrefixTokens > 0)
            .Should().HaveCount(18).And.OnlyContain(c => c.PrefixTokens == c.TokenIds.Count - 1 || c.TokenIds.Count > c.PrefixTokens);

    [Fact]
    public void An_objective_is_told_which_tokens_the_label_wrote()
    {
        Step(new PrefixSampler(Toy.Sampler, Labels, (_, _, _) => 2, copies: 1), out var seen);
        // Three of four questions have a label: three rollouts with two tokens of it each.
        seen.Sum(b => b.Label).Should().Be(6);
        seen[0].Scale.DemonstrationTokens.Should().Be(6);
        seen[0].Scale.Prefixed.Should().Be(3);
        seen[0].Scale.Demonstrations.Should().Be(0);
    }

    [Fact]
    public void Cosine_and_binomial_lengths_shrink_over_the_run_and_repeat_themselves()
    {
        var share = PrefixLengths.Share(Coefficient.Cosine(0.95, 0.05, 10));
        var example = Toy.Labelled[0];
        new long[] { 0, 5, 10, 99 }.Select(step => share(example, 100, step)).Should().Equal(95, 50, 5, 5);

        var binomial = PrefixLengths.Binomial(steps: 100, pieces: 5);
        var early = Enumerable.Range(0, 200).Select(i => binomial(TinyText.Example($"{i}", "?"), 50, 0)).ToArray();
        early.Should().OnlyContain(n => n % 10 == 0 && n >= 0 && n <= 50);
        early.Average().Should().BeInRange(45, 50, "0.95 of 50");
        Enumerable.Range(0, 200).Select(i => binomial(TinyText.Example($"{i}", "?"), 50, 50)).Average().Should().BeInRange(21, 29, "0.5 of 50");
        binomial(example, 50, 101).Should().Be(0);
        binomial(example, 50, 7).Should().Be(binomial(example, 50, 7));
    }

    [Fact]
    public void A_hint_is_imitated_and_its_continuation_reinforced()
    {
        // Hints of three tokens out of "~~~~" and the stop token: the policy would never write a tilde, and learns to begin with them.
        var policy = TinyText.Policy(8);
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var examples = new[] { TinyText.Example("a", "what?", "~~~~") };
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, new PrefixSampler(Toy.Sampler, Labels, (_, _, _) => 3), Toy.Exact, optimizer) with
        {
            Objective = new HintedObjective(supervised: 1),
            SkipNeutralGroups = false,
        };
        var trainer = new Trainer(parts, Toy.Options with { MaxNewTokens = 8 });
        var reports = Enumerable.Range(0, 60).Select(_ => trainer.Step(examples)).ToArray();
        reports[^1].Updates[0].Metrics["nll"].Should().BeLessThan(reports[0].Updates[0].Metrics["nll"] / 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Only_uncertain_tokens_count_and_the_quantile_is_the_steps(bool labelTokensOnly)
    {
        var (whole, cut) = (Run(int.MaxValue), Run(3));
        whole.Moved.Max(Math.Abs).Should().BeGreaterThan(1e-6);
        whole.Moved.Zip(cut.Moved, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-9, "the cut changes nothing");

        // The kept tokens are those whose entropy reaches that of the given fraction of all candidates.
        var tokens = whole.Seen.SelectMany(s => s.Tokens).ToArray();
        var candidates = tokens.Where(t => !labelTokensOnly || t.Label).ToArray();
        var kept = candidates.Where(t => t.Kept).ToArray();
        kept.Length.Should().Be((int)Math.Ceiling(0.3 * (candidates.Length - 1) + 1e-9), "the 0.7 quantile of {0} numbers, no two of them equal", candidates.Length);
        kept.Min(t => t.Entropy).Should().BeGreaterThan(candidates.Where(t => !t.Kept).Max(t => t.Entropy));
        tokens.Except(candidates).Should().NotContain(t => !t.Kept, "the policy's own tokens are all kept");

        (double[] Moved, List<Seen> Seen) Run(int rows)
        {
            var policy = Toy.DoublePolicy(3);
            var before = Toy.Weights(policy);
            using var optimizer = Toy.GradientProbe(policy);
            var seen = new List<Seen>();
            var parts = TrainerParts.Grpo(TinyText.Encoder, policy, new PrefixSampler(Toy.Sampler, Labels, (_, _, _) => 2, copies: 2), Toy.SmallLetters, optimizer);
            parts = parts with
            {
                Focus = new TokenFocus { Fraction = 0.3, LabelTokensOnly = labelTokensOnly },
                Objective = new ProbedObjective(parts.Objective, (scores, batch) => { seen.Add(Look(scores, batch)); return 1; }),
                Estimator = AdvantageEstimators.MeanCentered(),
                SkipNeutralGroups = false,
            };
            var options = Toy.Options with { MicroBatchRows = rows, MaxGradientNorm = double.PositiveInfinity, WithEntropy = true };
            new Trainer(parts, options).Step(Toy.Questions);
            return ([.. Toy.Weights(policy).Zip(before, (a, b) => a - b)], seen);
        }
    }

    [Fact]
    public void Nothing_of_a_step_stays_alive()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, new PrefixSampler(Toy.Sampler, Labels, (_, _, _) => 2, copies: 2), Toy.SmallLetters, optimizer) with
        {
            Focus = new TokenFocus { Fraction = 0.3 },
            RewardKl = new RewardKl(TinyText.Policy(2), Coefficient.Constant(0.01)),
            RollAgain = Retries.Uniform(1),
            SkipNeutralGroups = false,
        };
        var trainer = new Trainer(parts, Toy.Options with { MicroBatchRows = 5, UpdatesPerRollout = 2 });
        trainer.Step(Toy.Questions);
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++) trainer.Step(Toy.Questions);
        TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    private static StepReport Step(PrefixSampler sampler, out List<Seen> seen)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var looks = seen = [];
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, sampler, Toy.SmallLetters, optimizer) with { SkipNeutralGroups = false };
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (scores, batch) => { looks.Add(Look(scores, batch)); return 1; }) };
        return new Trainer(parts, Toy.Options).Step(Toy.Questions);
    }

    private static Seen Look(TokenScores scores, UpdateBatch batch)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var mask = batch.CompletionMask;
        var label = batch.LabelTokens().Values();
        var kept = (batch.PolicyTokenMask ?? mask).Values();
        var entropy = (scores.Entropy ?? scores.LogProbs).Values();
        var there = mask.Values();
        var tokens = Enumerable.Range(0, there.Length).Where(i => there[i] == 1).Select(i => new Token(entropy[i], label[i] == 1, kept[i] == 1)).ToArray();
        return new Seen(batch.Scale, tokens.Count(t => t.Label), tokens);
    }

    private sealed record Token(double Entropy, bool Label, bool Kept);

    private sealed record Seen(LossScale Scale, int Label, IReadOnlyList<Token> Tokens);
}
