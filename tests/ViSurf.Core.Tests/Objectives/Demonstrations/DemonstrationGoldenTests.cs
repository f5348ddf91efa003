using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using ViSurf.Core.Training;
using Xunit;
using static ViSurf.Core.Tests.Objectives.GoldenStep;

namespace ViSurf.Core.Tests.Objectives.Demonstrations;

/// <summary>
/// Loss and gradient of each method that mixes labels with rollouts, against its formula in plain numbers. x is what is differentiated, at
/// what is not. Rows 0 to 2 are rollouts of 3, 2 and 3 tokens, row 3 is the label with 2.
/// </summary>
public sealed class DemonstrationGoldenTests
{
    private static readonly (int N, int T)[] Label = [(3, 0), (3, 1)];

    [Fact]
    public void SFT_and_DFT_by_hand()
    {   // Label tokens −3.0 and −0.8: NLL (3.0 + 0.8)/2 = 1.9; weighted by e^−3 and e^−0.8: (3e^−3 + 0.8e^−0.8)/2.
        Compare(new MaximumLikelihoodObjective(), (x, _) => -(x[3][0] + x[3][1]) / 2)["nll"].Should().BeApproximately(1.9, 1e-12);
        var dft = Compare(new DftObjective(), (x, at) => -(Math.Exp(at[3][0]) * x[3][0] + Math.Exp(at[3][1]) * x[3][1]) / 2);
        dft["supervised_loss"].Should().BeApproximately((3 * Math.Exp(-3) + 0.8 * Math.Exp(-0.8)) / 2, 1e-12);
        dft["nll"].Should().BeApproximately(1.9, 1e-12);
    }

    [Fact]
    public void RL_plus_lambda_SFT_averages_each_part_over_its_own_rows()
        => Compare(new SupervisedMixture(new ClippedPolicyObjective(), 0.25), (x, _) => Grpo(x) - 0.25 * (x[3][0] + x[3][1]) / 2);

    [Fact]
    public void LUFFY_shapes_the_labels_probability_and_clips_nothing()
    {
        var metrics = Compare(new LuffyObjective(gamma: 0.1), (x, _) =>
            (Rollouts.Sum(k => -Ratio(x, k) * Advantage[k.N]) + Label.Sum(k => -Shaped(Math.Exp(x[k.N][k.T])) * Advantage[3])) / (4 * MaxNewTokens));
        metrics["label_shaped"].Should().BeApproximately((Shaped(Math.Exp(-3)) + Shaped(Math.Exp(-0.8))) / 10, 1e-12);
    }

    [Fact]
    public void The_slope_of_LUFFYs_shaping_is_largest_at_p_equal_to_gamma()
    {   // ∂f/∂log p = γp/(p + γ)²: 0.1 · 0.1 / 0.04 = 1/4 at p = 0.1; 0.1 · e^−3/(e^−3 + 0.1)² at the label's first token.
        var p = Math.Exp(-3);
        var slope = 0.1 * p / ((p + 0.1) * (p + 0.1));
        const double h = 1e-6;
        ((Shaped(Math.Exp(-3 + h)) - Shaped(Math.Exp(-3 - h))) / (2 * h)).Should().BeApproximately(slope, 1e-9);
        ((Shaped(0.1 * Math.Exp(h)) - Shaped(0.1 * Math.Exp(-h))) / (2 * h)).Should().BeApproximately(0.25, 1e-9);
    }

    [Fact]
    public void SRFT_lets_entropy_weigh_imitation_against_exploration()
    {
        // Mean entropies: row 0 (right) 0.8, row 3 (the label) 1.0; rows 1 and 2 are wrong.
        var metrics = Compare(new SrftObjective(), (x, _) =>
            (Rollouts.Where(k => k.N == 0).Sum(k => -0.1 * Math.Exp(0.8) * x[k.N][k.T]) + Rollouts.Where(k => k.N > 0).Sum(k => x[k.N][k.T])) / 8
            + Label.Sum(k => -0.5 * Math.Exp(-1.0) * x[k.N][k.T] - Shaped(Math.Exp(x[k.N][k.T])) * Advantage[3]) / 2);
        metrics["right_fraction"].Should().BeApproximately(1 / 3.0, 1e-12);
    }

    [Fact]
    public void CHORD_mu_moves_from_imitation_to_exploration()
    {   // Peak 0.9 at step 2, valley 0.1 ten steps later: 0.9, then halfway 0.5, then 0.1.
        foreach (var (step, mu) in new[] { (0L, 0.0), (2L, 0.9), (7L, 0.5), (50L, 0.1) })
            Compare(new ChordObjective(Coefficient.WarmUpThenCosine(0.9, 0.1, 2, 10)), (x, _) => (1 - mu) * Grpo(x) - mu * (x[3][0] + x[3][1]) / 2, step: step);
    }

    [Fact]
    public void CHORD_phi_weighs_a_label_token_by_how_unsure_the_policy_is()
        => Compare(new ChordObjective(Coefficient.Constant(0.1), TokenWeights.Uncertainty),
            (x, at) => 0.9 * Grpo(x) + 0.1 * Label.Sum(k => -Math.Exp(at[k.N][k.T]) * (1 - Math.Exp(at[k.N][k.T])) * x[k.N][k.T]) / 2);

    [Fact]
    public void A_chord_outside_zero_and_one_is_refused()
        => FluentActions.Invoking(() => Compare(new ChordObjective(_ => 1.5), (_, _) => 0)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void HPT_imitates_labels_and_reinforces_rollouts()
        => Compare(new HptObjective(supervised: 0.3), (x, _) =>
            (Rollouts.Sum(k => -Ratio(x, k) * Advantage[k.N]) - 0.3 * Label.Sum(k => x[k.N][k.T])) / (4 * MaxNewTokens));

    [Fact]
    public void UFT_imitates_the_hint_and_reinforces_what_follows()
    {
        // The first token of row 2 is a hint. Rows 0 to 2 have 3, 2 and 2 tokens of the policy; the hint tokens are (2,0), (3,0) and (3,1).
        Compare(new HintedObjective(supervised: 0.2), (x, _) =>
            (Mean(Row(0, 0, x)) + Mean(Row(1, 0, x)) + Mean(Row(2, 1, x))) / 3 - 0.2 * (x[2][0] + x[3][0] + x[3][1]) / 3, prefixes: true);

        static IEnumerable<double> Row(int n, int from, double[][] x) => Enumerable.Range(from, Lengths[n] - from).Select(t => Clipped(x, (n, t)));
    }

    [Fact]
    public void Prefix_RFT_updates_of_a_prefix_only_what_the_policy_is_unsure_of()
    {
        // Row 2 begins with a token of the label that is not among the uncertain ones, row 3 stands for a prefix of two of which the first (entropy 1.4) is.
        static bool Kept(int n, int t) => !IsLabel(n, t) || Entropies[n][t] > 1;
        Compare(new ClippedPolicyObjective(ClippedPolicyOptions.DrGrpo),
            (x, _) => Tokens.Where(k => Kept(k.N, k.T)).Sum(k => Clipped(x, k)) / (4 * MaxNewTokens), prefixes: true, policyTokens: Kept);
    }

    [Fact]
    public void GHPO_is_clipped_over_all_tokens_of_the_step_whatever_the_prompt_hinted()
        => Compare(Recipes.Ghpo.Objective(), (x, _) => Tokens.Sum(k => Clipped(x, k)) / 10);

    [Fact]
    public void ReLIFT_reinforces_without_a_clip_and_imitates_the_labels_of_what_failed()
    {   // Its reinforcement half divides by rows and token limit and adds an entropy bonus of 1e-3; its supervised half is SFT on labels alone.
        Compare(Recipes.Relift.Objective(), (x, _) => Tokens.Sum(k => -Ratio(x, k) * Advantage[k.N] - 1e-3 * Entropies[k.N][k.T]) / (4 * MaxNewTokens));
        Compare(Recipes.Sft.Objective(), (x, _) => -(x[3][0] + x[3][1]) / 2);
    }

    [Fact]
    public void The_parts_of_a_sum_see_a_step_of_their_own()
    {
        Compare(new SourceOnly(TokenSource.Policy, new SurrogateObjective(Surrogates.PolicyGradient, LossAggregation.TokenMean)),
            (x, _) => Rollouts.Where(k => !IsLabel(k.N, k.T)).Sum(k => -Ratio(x, k) * Advantage[k.N]) / 7, prefixes: true);
        Compare(new SourceOnly(TokenSource.Label, new SurrogateObjective(Surrogates.PolicyGradient)),
            (x, _) => (-Ratio(x, (2, 0)) * Advantage[2] + Mean(Label.Select(k => -Ratio(x, k) * Advantage[3]))) / 2, prefixes: true);
    }

    private static (int N, int T)[] Rollouts { get; } = [.. Tokens.Where(k => k.N < 3)];

    private static double Shaped(double p) => p / (p + 0.1);

    private static double Ratio(double[][] x, (int N, int T) k) => Math.Exp(x[k.N][k.T] - Old[k.N][k.T]);

    private static double Clipped(double[][] x, (int N, int T) k)
        => -Math.Min(Ratio(x, k) * Advantage[k.N], Math.Clamp(Ratio(x, k), 0.8, 1.2) * Advantage[k.N]);

    /// <summary>The clipped loss of the three rollouts, each the mean over its tokens.</summary>
    private static double Grpo(double[][] x) => Mean(Enumerable.Range(0, 3).Select(n => Mean(Enumerable.Range(0, Lengths[n]).Select(t => Clipped(x, (n, t))))));
}
