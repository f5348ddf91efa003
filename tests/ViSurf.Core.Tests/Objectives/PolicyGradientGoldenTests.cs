using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Objectives;
using Xunit;
using static ViSurf.Core.Tests.Objectives.GoldenStep;

namespace ViSurf.Core.Tests.Objectives;

/// <summary>The parts that TRL's cases do not reach, against formulas in plain numbers.</summary>
public sealed class PolicyGradientGoldenTests
{
    [Fact]
    public void A_lambda_is_an_objective()
        => Compare(new SurrogateObjective(t => -(t.Ratio * t.Advantages), LossAggregation.TokenMean),
            (x, _) => Tokens.Sum(k => -Ratio(x, k) * Advantage[k.N]) / 10);

    [Fact]
    public void GSPO_token_has_the_value_and_the_gradient_of_GSPO_while_a_sequence_has_one_advantage()
    {
        // mean_n −s_n Â_n, s_n = exp(mean_t log ρ): no clip is met at 0.2.
        static double Gspo(double[][] x, double[][] frozen) => Mean(Enumerable.Range(0, 4).Select(n =>
            -Math.Exp(Mean(Enumerable.Range(0, Lengths[n]).Select(t => x[n][t] - Old[n][t]))) * Advantage[n]));
        foreach (var level in new[] { RatioLevel.Sequence, RatioLevel.SequenceToken })
            Compare(new ClippedPolicyObjective(new ClippedPolicyOptions { RatioLevel = level }), Gspo);
    }

    [Fact]
    public void A_dual_clip_is_a_ratio_cap()
    {   // verl, for Â < 0: −max(min(ρÂ, clip(ρ)Â), cÂ). Row 1, token 1 has ρ = e^0.05 = 1.0513 and Â < 0: c = 1.05 bounds it.
        const double c = 1.05;
        Compare(new ClippedPolicyObjective(new ClippedPolicyOptions { ClipLow = 0.03, ClipHigh = 0.04, RatioCap = c }), (x, _) => Mean(Rows(n =>
            Mean(Enumerable.Range(0, Lengths[n]).Select(t =>
            {
                var (ratio, a) = (Math.Exp(x[n][t] - Old[n][t]), Advantage[n]);
                var clipped = Math.Min(ratio * a, Math.Clamp(ratio, 0.97, 1.04) * a);
                return -(a < 0 ? Math.Max(clipped, c * a) : clipped);
            })))));
    }

    [Fact]
    public void Stale_sequences_are_dropped_only_when_their_advantage_is_negative()
    {   // Row 1 has moved by −(0.2 − 0.05)/2: 0.075 nats away, Â < 0. Rows 2 and 3 stay whatever their distance.
        var metrics = Compare(new SurrogateObjective(((Surrogate)Surrogates.PolicyGradient).WithoutStale(0.07)),
            (x, _) => Rows(n => n == 1 ? 0 : Mean(Enumerable.Range(0, Lengths[n]).Select(t => -Ratio(x, (n, t)) * Advantage[n]))).Sum() / 4);
        metrics["stale_fraction"].Should().Be(0.25);
        Compare(new SurrogateObjective(((Surrogate)Surrogates.PolicyGradient).WithoutStale(0.08)),
            (x, _) => Rows(n => Mean(Enumerable.Range(0, Lengths[n]).Select(t => -Ratio(x, (n, t)) * Advantage[n]))).Sum() / 4)
            ["stale_fraction"].Should().Be(0);
    }

    public static TheoryData<string> Estimators() => [.. Known.Keys];

    /// <summary>Name, the estimator, and value and gradient carrier by hand; x = log π_ref − log π_θ.</summary>
    private static readonly Dictionary<string, (KlEstimator Estimator, Func<double, double, double> Formula)> Known = new()
    {
        ["k1"] = (KlEstimators.K1, (x, _) => -x),
        ["abs"] = (KlEstimators.Absolute, (x, _) => Math.Abs(x)),
        ["k2"] = (KlEstimators.K2, (x, _) => x * x / 2),
        ["k3"] = (KlEstimators.K3, (x, _) => Math.Exp(x) - x - 1),
        // The value of k1 or k3 at the point, the gradient of k2.
        ["k1+"] = (KlEstimators.K1StraightThrough, (x, at) => x * x / 2 - at * at / 2 - at),
        ["k3+"] = (KlEstimators.K3StraightThrough, (x, at) => x * x / 2 - at * at / 2 + Math.Exp(at) - at - 1),
    };

    [Theory]
    [MemberData(nameof(Estimators))]
    public void A_KL_estimator_has_its_value_and_its_gradient(string name)
    {
        var (estimator, formula) = Known[name];
        var metrics = Compare(new KlPenalty(new SurrogateObjective(Surrogates.PolicyGradient, LossAggregation.TokenMean), 0.3, LossAggregation.TokenMean, estimator),
            (x, at) => Tokens.Sum(k => -Ratio(x, k) * Advantage[k.N] + 0.3 * formula(Distance(x, k), Distance(at, k))) / 10);
        metrics["kl"].Should().BeApproximately(Tokens.Sum(k => formula(Distance(Current, k), Distance(Current, k))) / 10, 1e-12);
    }

    [Fact]
    public void An_importance_weighted_KL_multiplies_each_token_by_its_ratio()
        => Compare(new KlPenalty(new SurrogateObjective(_ => _.LogProbs - _.LogProbs), 0.3, LossAggregation.TokenMean) { ImportanceWeighted = true },
            (x, _) => Tokens.Sum(k => 0.3 * Ratio(x, k) * (Math.Exp(Distance(x, k)) - Distance(x, k) - 1)) / 10);

    [Fact]
    public void A_coefficient_follows_the_step()
    {   // Linear from 1 to 0 over 4 steps: 0.25 at step 3.
        static double Formula(double[][] x, double weight) => Tokens.Sum(k => weight * -Distance(x, k)) / 10;
        foreach (var (step, weight) in new[] { (0L, 1.0), (3L, 0.25), (9L, 0.0) })
            Compare(new KlPenalty(new SurrogateObjective(_ => _.LogProbs - _.LogProbs), Coefficient.Linear(1, 0, 4), LossAggregation.TokenMean, KlEstimators.K1),
                (x, _) => Formula(x, weight), step: step);
    }

    [Fact]
    public void Schedules_pass_through_their_corners()
    {
        var chord = Coefficient.WarmUpThenCosine(0.9, 0.1, warmUp: 4, decay: 10);
        new[] { 0L, 2, 4, 9, 14, 99 }.Select(step => chord(step)).Zip([0, 0.45, 0.9, 0.5, 0.1, 0.1]).Should().OnlyContain(p => Math.Abs(p.First - p.Second) < 1e-12);
        Coefficient.Constant(0.3)(12).Should().Be(0.3);
        FluentActions.Invoking(() => Coefficient.Constant(double.NaN)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void An_adaptive_coefficient_grows_above_its_target_and_shrinks_below()
    {
        var beta = new AdaptiveCoefficient(0.01, target: 0.1, horizon: 100);
        beta.Observe(10, 50);           // error clipped to 0.2: 0.01 · (1 + 0.2 · 0.5)
        beta.Value.Should().BeApproximately(0.011, 1e-15);
        beta.Observe(0.1, 50);          // on target
        beta.Value.Should().BeApproximately(0.011, 1e-15);
        beta.Observe(0.09, 100);        // error −0.1: · 0.9
        beta.Value.Should().BeApproximately(0.0099, 1e-15);
        beta.Observe(0, 100);           // clipped to −0.2: · 0.8
        beta.Value.Should().BeApproximately(0.00792, 1e-15);
        beta.Invoking(b => b.Observe(double.NaN, 1)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_restored_coefficient_goes_on_with_the_same_bits()
    {
        var beta = new AdaptiveCoefficient(0.01, target: 0.1, horizon: 100);
        beta.Observe(0.3, 17);
        var resumed = new AdaptiveCoefficient(5, target: 0.1, horizon: 100);
        resumed.Restore(JsonNode.Parse(beta.State.ToJsonString())!);
        resumed.Value.Should().Be(beta.Value);
        beta.Observe(0.07, 31);
        resumed.Observe(0.07, 31);
        resumed.Value.Should().Be(beta.Value);
        foreach (var bad in new[] { "{}", "[]", "3", """{"value": 0}""", """{"value": -1}""", """{"value": "1"}""" })
            resumed.Invoking(r => r.Restore(JsonNode.Parse(bad)!)).Should().Throw<InvalidDataException>().WithMessage($"*got {JsonNode.Parse(bad)!.ToJsonString()}.");
        resumed.Value.Should().Be(beta.Value, "a refused state changes nothing");
    }

    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(0.5, 3.0)]     // entropies 1 2 3 4 5: the place of the 0.5 quantile is 0.5 · 4 = 2
    [InlineData(0.2, 4.2)]     // 0.8 · 4 = 3.2, between 4 and 5
    [InlineData(0.001, 4.996)]
    public void The_entropy_threshold_is_a_quantile_over_all_pieces(double fraction, double expected)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        TopEntropy.Threshold([TorchSharp.torch.tensor(new[] { 5.0, 1, 3 }), TorchSharp.torch.tensor(new[] { 2.0, 4 })], fraction)
            .item<double>().Should().BeApproximately(expected, 1e-12);
    }

    private static IEnumerable<double> Rows(Func<int, double> value) => Enumerable.Range(0, 4).Select(value);

    private static double Ratio(double[][] x, (int N, int T) k) => Math.Exp(x[k.N][k.T] - Old[k.N][k.T]);

    private static double Distance(double[][] x, (int N, int T) k) => Reference[k.N][k.T] - x[k.N][k.T];
}
