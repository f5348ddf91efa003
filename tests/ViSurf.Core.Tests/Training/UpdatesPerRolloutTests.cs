using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>π_old: needless for one update, scored once before the first of several, for rollouts and labels alike.</summary>
public sealed class UpdatesPerRolloutTests
{
    [Fact]
    public void With_one_update_the_old_policy_is_not_computed()
    {
        var seen = Olds(updates: 1);
        seen.Should().ContainSingle().Which.Should().BeNull();
    }

    [Fact]
    public void With_three_updates_the_first_ratio_is_exactly_one_and_later_ones_move_away()
    {
        var seen = Olds(updates: 3);
        seen.Should().HaveCount(3);
        seen[0].Should().Be(0, "the old policy is the current one, scored in the same cut");
        seen[1].Should().BeGreaterThan(1e-5);
        seen[2].Should().BeGreaterThan(seen[1]!.Value, "π_old stays where it was");
    }

    [Fact]
    public void Two_updates_on_one_batch_go_further_than_one_and_are_both_reported()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        var report = new Trainer(parts, Toy.Options with { UpdatesPerRollout = 2 }).Step(Toy.Questions);
        report.Updates.Should().HaveCount(2).And.OnlyContain(u => u.Skipped == null && u.GradientNorm > 0);
        optimizer.Updates.Should().Be(2);
        report.Updates[1].Loss.Should().BeLessThan(report.Updates[0].Loss);
    }

    [Fact]
    public void Each_update_starts_from_an_empty_gradient()
    {
        // At rate 0 the weights stay, so both updates see the same gradient; leftovers of the first would double the second.
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, rate: 0);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        var updates = new Trainer(parts, Toy.Options with { UpdatesPerRollout = 2 }).Step(Toy.Questions).Updates;
        updates[1].GradientNorm.Should().BeApproximately(updates[0].GradientNorm, 1e-5 * updates[0].GradientNorm);
    }

    [Fact]
    public void Rollouts_are_scored_at_the_temperature_they_were_drawn_at()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var sampler = new AutoregressiveSampler(Toy.Sampler.Options with { Temperature = 0.6 });
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, sampler, Toy.SmallLetters, optimizer);
        var update = new Trainer(parts, Toy.Options with { Temperature = 0.6 }).Step(Toy.Questions).Updates[0];
        update.Metrics["sampler_drift"].Should().BeLessThan(Tolerance.Of(1e-5f));
    }

    /// <summary>Largest |log ρ| of each update, labels included; null where there is no old policy.</summary>
    private static List<double?> Olds(int updates)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, 1e-3);
        var seen = new List<double?>();
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new ProbedObjective(new ViSurfObjective(), (scores, batch) =>
            {
                batch.IsDemonstration.any().item<bool>().Should().BeTrue();
                seen.Add(batch.OldLogProbs is { } old ? (scores.LogProbs - old).abs().max().item<float>() : null);
                return 1;
            }),
        };
        new Trainer(parts, Toy.Options with { UpdatesPerRollout = updates }).Step(Toy.Questions);
        return seen;
    }
}
