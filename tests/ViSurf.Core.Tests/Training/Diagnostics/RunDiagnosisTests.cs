using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Tests.Training.Metrics;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Diagnostics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Diagnostics;

/// <summary>Once per episode, and on reports of real steps.</summary>
public sealed class RunDiagnosisTests
{
    [Fact]
    public void A_finding_is_said_once_per_episode()
    {
        // Ill in steps 10–19 and 22–29, which is one episode, and again from 60.
        var said = History.Said(History.With(80, 0, "completions/clipped_ratio", i => i is (>= 10 and < 20) or (>= 22 and < 30) or >= 60 ? 0.9 : 0.1));
        said.Select(d => d.Rule).Should().Equal("truncated_completions", "truncated_completions");
        said[0].Step.Should().BeInRange(10, 14);
        said[1].Step.Should().BeInRange(60, 64);
    }

    [Fact]
    public void Two_rewards_are_two_findings()
        => History.Said(History.Healthy(30).Select(s => s with { Components = [new("a", 1, 1, 8, 0, 0, 0, null), new("b", 1, 1, 8, 0.5, 0.5, 0, null)] }))
            .Select(d => d.Finding.Subject).Should().Equal("a", "b");

    [Fact]
    public void A_run_that_learns_hears_of_its_token_limit_only_and_one_whose_reward_is_blind_is_told()
    {
        Train(Toy.SmallLetters).Select(d => d.Rule).Should().Equal(["truncated_completions"], "five tokens are too few, and that is the truth");
        // Nobody ever writes a snowman; labels are not judged right either.
        Train(Toy.Suite("snowman", (_, text) => text.Contains('☃') ? 1 : 0)).Select(d => d.Rule)
            .Should().BeEquivalentTo("constant_groups", "constant_component", "label_below_maximum", "truncated_completions");

        static List<Diagnosis> Train(Core.Rewards.RewardSuite suite)
        {
            var said = new List<Diagnosis>();
            var policy = TinyText.Policy(1);
            using var optimizer = Toy.Optimizer(policy);
            var trainer = new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer, LabelFormat.Bare), Toy.Options);
            trainer.Run(Enumerable.Repeat(Toy.Questions, 15), new RunDiagnosis(said.Add).Observe);
            return said;
        }
    }

    [Fact]
    public void What_is_remembered_of_a_report_is_its_numbers()
    {
        var seen = StepObservation.Of(ScriptedStep.Plain());
        seen.Components.Should().Equal(new ComponentObservation("r", 1, 1, 2, 0, 0.5, 1, 1));
        (seen.Step, seen.Replayed, seen.LargestTotal, seen.Skipped).Should().Be((0, false, 1, null));
        seen.FirstRatio.Should().BeApproximately(1, 1e-6);
        seen.Find("gt/reward").Should().Be(1);
        seen.Find("no such metric").Should().BeNull();
    }

    [Fact]
    public void Of_labels_under_a_negative_weight_the_smallest_value_is_the_best()
    {
        var suite = new Core.Rewards.RewardSuite().With(Core.Rewards.RewardFunction.From("letters", (example, _) => example.Id == "one" ? 0.25 : 0.75, minimum: -1), -2);
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var trainer = new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer, LabelFormat.Bare), Toy.Options);
        var seen = StepObservation.Of(trainer.Step(Toy.Labelled));
        (seen.Components.Single().BestLabel, seen.LargestTotal).Should().Be((0.25, 2));
    }

    [Fact]
    public void Memory_does_not_grow_with_the_run()
    {
        var run = new RunDiagnosis(_ => { });
        foreach (var step in History.Healthy(300)) run.Observe(step);
        run.History.Steps.Should().HaveCount(RunHistory.Capacity);
        run.History.Steps[^1].Step.Should().Be(299);
        run.History.Beginning.Select(s => s.Step).Should().Equal(0, 1, 2, 3, 4);
    }
}
