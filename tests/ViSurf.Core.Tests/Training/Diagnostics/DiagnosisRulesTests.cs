using FluentAssertions;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Diagnostics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Diagnostics;

/// <summary>Each rule on a run that has its illness, and all of them on runs that are well.</summary>
public sealed class DiagnosisRulesTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(400)]
    public void A_healthy_run_hears_nothing(int steps) => History.Said(History.Healthy(steps)).Should().BeEmpty();

    [Fact]
    public void Groups_that_are_all_constant_are_said_after_five_steps()
    {
        var said = Only(History.With(40, 20, "frac_groups_neutral", _ => 1));
        (said.Rule, said.Step).Should().Be(("constant_groups", 24));
        said.Finding.Seen.Should().Contain("last 5 steps").And.Contain("reward ");
        said.ToString().Should().StartWith("step 24: In each of the last 5 steps all advantages were 0").And.Contain("TrainerParts.ViSurf");
        History.Said(History.With(40, 37, "frac_groups_neutral", _ => 1)).Should().BeEmpty("three steps may be chance");
    }

    [Fact]
    public void Groups_that_are_constant_because_all_is_solved_are_told_apart()
        => Only(History.Healthy(40).Select((s, i) => i < 20 ? s : s with { Metrics = new Dictionary<string, double>(s.Metrics) { ["frac_groups_neutral"] = 1, ["reward"] = 2.5 } }))
            .Finding.Advice.Should().StartWith("Evaluate and stop");

    [Fact]
    public void A_component_that_says_the_same_of_everybody_is_named()
    {
        var said = Only(History.With(40, 15, new ComponentObservation("accuracy", 1, 1, 128, 0, 0, 16, 1)));
        (said.Rule, said.Finding.Subject, said.Step).Should().Be(("constant_component", "accuracy", 24));
        said.Finding.Seen.Should().Be("Reward 'accuracy' was 0 (of at most 1) for all 1280 rollouts of the last 10 steps.");
        History.Said(History.With(40, 15, new ComponentObservation("accuracy", 1, 1, 128, 1, 1, 16, 1))).Should().BeEmpty("at its maximum it is solved");
        History.Said(History.With(40, 15, new ComponentObservation("accuracy", 0, 1, 128, 0, 0, 16, 1))).Should().BeEmpty("without a weight it is only watched");
    }

    [Fact]
    public void Labels_that_never_reach_a_maximum_are_said_for_that_reward_and_not_for_thinking()
    {
        var said = Only(History.With(40, 0, new ComponentObservation("accuracy", 1, 1, 128, 0, 0.9, 16, 0.75)));
        (said.Rule, said.Finding.Subject, said.Step).Should().Be(("label_below_maximum", "accuracy", 9));
        said.Finding.Seen.Should().StartWith("None of 160 labels reached the maximum of reward 'accuracy'").And.Contain("0.75 of 1 at best");
        History.Said(History.With(12, 0, new ComponentObservation("accuracy", 1, 1, 128, 0, 0.9, 0, null))).Should().BeEmpty("there are no labels");
    }

    [Fact]
    public void A_component_with_a_negative_weight_is_solved_at_its_minimum()
    {
        History.Said(History.With(40, 15, new ComponentObservation("accuracy", -1, 1, 128, 0, 0, 16, 0))).Should().BeEmpty();
        var said = Only(History.With(40, 15, new ComponentObservation("accuracy", -1, 1, 128, 1, 1, 16, 0)));
        (said.Rule, said.Finding.Subject).Should().Be(("constant_component", "accuracy"));
        said.Finding.Seen.Should().Be("Reward 'accuracy' was 1 (0 is best, its weight is negative) for all 1280 rollouts of the last 10 steps.");
    }

    [Fact]
    public void Labels_under_a_negative_weight_are_asked_for_the_minimum()
    {
        History.Said(History.With(40, 0, new ComponentObservation("accuracy", -1, 1, 128, 0, 0.9, 16, 0))).Should().BeEmpty();
        var said = Only(History.With(40, 0, new ComponentObservation("accuracy", -1, 1, 128, 0, 0.9, 16, 1)));
        (said.Rule, said.Step).Should().Be(("label_below_maximum", 9));
        said.Finding.Seen.Should().Be("None of 160 labels reached the best of reward 'accuracy', whose weight is negative, in the last 10 steps: 1 at best, where 0 is asked for.");
    }

    [Fact]
    public void Truncated_completions_that_dominate_are_said()
    {
        var said = Only(History.With(40, 20, "completions/clipped_ratio", _ => 0.8));
        said.Rule.Should().Be("truncated_completions");
        said.Finding.Seen.Should().Contain("ended at the token limit (mean length 120)");
        History.Said(History.With(40, 20, "completions/clipped_ratio", _ => 0.45)).Should().BeEmpty();
    }

    [Fact]
    public void A_fall_of_entropy_is_said_unless_the_task_is_solved()
    {
        var said = Only(History.With(40, 20, "entropy_sampled", _ => 0.02));
        said.Rule.Should().Be("entropy_collapse");
        said.Finding.Seen.Should().Contain("to 0.02 nats per token").And.Contain("of at most 2.5");
        History.Said(History.With(40, 20, "entropy_sampled", _ => 0.02).Select((s, i) => i < 20 ? s : s with { Metrics = new Dictionary<string, double>(s.Metrics) { ["reward"] = 2.4 } }))
            .Should().BeEmpty("a policy that knows the answer is certain by right");
        History.Said(History.With(40, 0, "entropy_sampled", _ => 0.02)).Should().BeEmpty("it was so from the start");
        // Where both are measured, the exact one counts.
        History.Said(History.With(40, 20, "entropy_sampled", _ => 0.02).Select(s => s with { Metrics = new Dictionary<string, double>(s.Metrics) { ["entropy"] = 1 } })).Should().BeEmpty();
    }

    [Fact]
    public void A_sampler_that_differs_from_the_scorer_is_said()
    {
        var said = Only(History.With(40, 20, "sampling/sampling_logp_difference/mean", _ => 0.3));
        said.Rule.Should().Be("sampler_mismatch");
        said.Finding.Seen.Should().MatchRegex("^Sampler and scorer differ by 0\\.\\d+ nats per rollout token");
    }

    [Fact]
    public void A_first_ratio_that_is_not_one_is_said_unless_rollouts_were_replayed()
    {
        var said = Only(History.Healthy(40).Select((s, i) => i < 20 ? s : s with { FirstRatio = 1.2 }));
        (said.Rule, said.Step).Should().Be(("first_ratio", 22));
        History.Said(History.Healthy(40).Select((s, i) => i < 20 ? s : s with { FirstRatio = 1.2, Replayed = true })).Should().BeEmpty();
        History.Said(History.Healthy(40).Select(s => s with { FirstRatio = null })).Should().BeEmpty();
    }

    [Fact]
    public void A_gradient_that_explodes_is_said_and_one_spike_is_not()
    {
        var said = Only(History.With(40, 30, "grad_norm", i => 20 * Math.Pow(1.5, i - 30)));
        (said.Rule, said.Step).Should().Be(("exploding_gradient", 32));
        said.Finding.Seen.Should().StartWith("The gradient norm was 20 to 45 in the last 3 updates; before, its median was 0.");
        History.Said(History.With(40, 30, "grad_norm", i => i == 33 ? 500 : 0.5)).Should().BeEmpty();
        History.Said(History.With(40, 30, "grad_norm", i => double.NaN)).Should().BeEmpty("that is for the rule about skipped updates");
    }

    [Fact]
    public void Updates_that_are_skipped_again_and_again_are_said_with_their_examples()
    {
        var said = Only(History.Healthy(40).Select((s, i) => i < 20 || i % 2 == 1 ? s : s with { Skipped = new SkippedUpdate("loss is not finite", ["img-7"]) }));
        (said.Rule, said.Step).Should().Be(("skipped_updates", 24));
        said.Finding.Seen.Should().Be("3 of the last 10 updates were skipped, the last because loss is not finite, with examples img-7.");
    }

    [Theory]
    [InlineData(new[] { 0.50, 0.60, 0.55, 0.50 }, true)]    // two falls in a row, a sixth below the best
    [InlineData(new[] { 0.50, 0.60, 0.55, 0.58 }, false)]   // it recovers
    [InlineData(new[] { 0.50, 0.60, 0.59, 0.585 }, false)]  // a fortieth is noise
    [InlineData(new[] { 0.50, 0.55, 0.60, 0.65 }, false)]
    public void A_reward_that_rises_while_the_evaluation_falls_is_said(double[] evaluations, bool ill)
    {
        Said(evaluations, History.Healthy(40)).Select(d => d.Rule).Should().Equal(ill ? ["reward_up_evaluation_down"] : []);
        Said(evaluations, History.With(40, 0, "reward", _ => 1)).Should().BeEmpty("both fall or neither rises: that is another illness");

        static List<Diagnosis> Said(double[] evaluations, IEnumerable<StepObservation> steps)
        {
            var said = new List<Diagnosis>();
            var run = new RunDiagnosis(said.Add, DiagnosisRules.Default("eval/gIoU"));
            foreach (var step in steps)
            {
                run.Observe(step);
                if (step.Step % 10 == 9) run.Observe(step.Step, new Dictionary<string, double> { ["eval/gIoU"] = evaluations[step.Step / 10] });
            }
            return said;
        }
    }

    private static Diagnosis Only(IEnumerable<StepObservation> steps) => History.Said(steps).Should().ContainSingle().Subject;
}
