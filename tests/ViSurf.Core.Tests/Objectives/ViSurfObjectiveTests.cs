using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

public sealed class ViSurfObjectiveTests
{
    /// <summary>G = 2 rollouts and a label; lengths 4, 3 and 6 with the stop token.</summary>
    private static readonly Row[] Group =
    [
        new(0, "cat", -0.5), new(0, "no", 0.25), new(0, "horse", 1.5, Label: true),
    ];

    [Fact]
    public void At_ratio_one_the_gradient_is_the_RLVR_gradient_plus_the_labels_advantage_over_group_size_times_the_SFT_gradient()
    {
        using var visurf = new ObjectiveStep(1, Group, "what is it?");
        using var rollouts = new ObjectiveStep(1, Group[..2], "what is it?");
        using var label = new ObjectiveStep(1, Group[2..], "what is it?");

        var (_, combined, _) = visurf.Run(new ViSurfObjective());
        var (_, reinforcement, _) = rollouts.Run(new ClippedPolicyObjective());
        var (_, supervised, _) = label.Run(new MaximumLikelihoodObjective());

        // RLVR alone divides by G = 2, ViSurf by G + 1 = 3; the label's weight is Â_y / (G + 1) = 1.5 / 3.
        combined.Max(Math.Abs).Should().BeGreaterThan(1e-3);
        for (var i = 0; i < combined.Length; i++)
            combined[i].Should().BeApproximately(2.0 / 3.0 * reinforcement[i] + 1.5 / 3.0 * supervised[i], 1e-6);
    }

    [Fact]
    public void The_weight_of_supervision_is_reported()
    {
        using var step = new ObjectiveStep(1, [.. Group, new(1, "a", 0.0), new(1, "bb", -1.0), new(1, "c", 1.0, Label: true)], "what?", "who?");

        var (_, _, metrics) = step.Run(new ViSurfObjective());

        // Two prompts, G + 1 = 3: (1.5 + 1.0) / 3 / 2.
        metrics["demonstration_weight"].Should().BeApproximately(2.5 / 6, 1e-12);
        metrics["demonstration_advantage"].Should().BeApproximately(1.25, 1e-12);
        metrics["demonstration_ratio"].Should().BeApproximately(1, 1e-12);
        metrics["demonstration_log_prob"].Should().BeNegative();
    }

    [Fact]
    public void A_label_with_advantage_zero_adds_nothing_to_the_gradient()
    {
        Row[] smoothed = [Group[0], Group[1], Group[2] with { Advantage = 0 }];
        using var with = new ObjectiveStep(1, smoothed, "what?");
        using var without = new ObjectiveStep(1, smoothed[..2], "what?");

        var (_, withLabel, _) = with.Run(new ViSurfObjective());
        var (_, withoutLabel, _) = without.Run(new ClippedPolicyObjective());

        for (var i = 0; i < withLabel.Length; i++) withLabel[i].Should().BeApproximately(withoutLabel[i] * 2 / 3, 1e-12);
    }

    [Fact]
    public void The_arithmetic_is_that_of_the_clipped_policy_objective()
    {
        using var step = new ObjectiveStep(1, Group, "what?") { Old = TinyText.Policy(2) };

        var visurf = step.Run(new ViSurfObjective());
        var clipped = step.Run(new ClippedPolicyObjective());

        visurf.Loss.Should().Be(clipped.Loss);
        visurf.Gradient.Should().Equal(clipped.Gradient);
        visurf.Metrics.Keys.Should().Contain(clipped.Metrics.Keys);
        visurf.Metrics["clip_fraction"].Should().BeInRange(1e-9, 1);
        visurf.Metrics["approx_kl"].Should().BePositive();
    }
}
