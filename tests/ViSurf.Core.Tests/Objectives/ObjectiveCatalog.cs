using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using Xunit;

namespace ViSurf.Core.Tests.Objectives;

/// <summary>What an objective claims of itself, beyond what all of them must hold.</summary>
/// <param name="Make">A new one.</param>
/// <param name="SilentAtZeroAdvantage">Its gradient is 0 where every advantage is.</param>
/// <param name="LinearInAdvantage">Its gradient is c times as large when every advantage is, for c &gt; 0.</param>
internal sealed record ObjectiveClaims(Func<IObjective> Make, bool SilentAtZeroAdvantage = true, bool LinearInAdvantage = true);

/// <summary>Every objective of the library. One that is missing here fails <see cref="ObjectiveContractTests"/>.</summary>
internal static class ObjectiveCatalog
{
    private static readonly Surrogate Plain = Surrogates.PolicyGradient;

    public static IReadOnlyDictionary<string, ObjectiveClaims> All { get; } = new Dictionary<string, ObjectiveClaims>
    {
        ["ViSurf"] = new(() => new ViSurfObjective()),
        ["ViSurf, token mean"] = new(() => new ViSurfObjective(new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean })),
        ["GRPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.Grpo)),
        ["BNPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.Bnpo)),
        ["Dr. GRPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.DrGrpo)),
        ["DAPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.Dapo)),
        ["two-sided clip"] = new(() => new ClippedPolicyObjective(new ClippedPolicyOptions { RatioCap = 3 })),
        ["GSPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.Gspo with { ClipLow = 0.2, ClipHigh = 0.2 })),
        ["GSPO-token"] = new(() => new ClippedPolicyObjective(new ClippedPolicyOptions { RatioLevel = RatioLevel.SequenceToken })),
        ["LUSPO"] = new(() => new ClippedPolicyObjective(ClippedPolicyOptions.Luspo with { ClipLow = 0.2, ClipHigh = 0.2 })),
        ["CISPO"] = new(() => new CispoObjective()),
        ["SAPO"] = new(() => new SapoObjective()),
        ["VESPO"] = new(() => new VespoObjective()),
        ["unclipped"] = new(() => new SurrogateObjective(Plain)),
        ["stale sequences dropped"] = new(() => new SurrogateObjective(Plain.WithoutStale(0.01))),
        ["k1"] = new(() => new KlPenalty(new ViSurfObjective(), 0.04, estimator: KlEstimators.K1), false, false),
        ["k2"] = new(() => new KlPenalty(new ViSurfObjective(), 0.04, estimator: KlEstimators.K2), false, false),
        ["k3"] = new(() => new KlPenalty(new ViSurfObjective(), 0.04), false, false),
        ["k3 straight through, weighted"] = new(
            () => new KlPenalty(new ViSurfObjective(), 0.04, estimator: KlEstimators.K3StraightThrough) { ImportanceWeighted = true }, false, false),
        ["entropy bonus"] = new(() => new EntropyBonus(new ViSurfObjective(), 0.01), false, false),
        ["SFT"] = new(() => new MaximumLikelihoodObjective(), false, false),
        ["SFT by sequence"] = new(() => new MaximumLikelihoodObjective(LossAggregation.SequenceMean), false, false),
        ["DFT"] = new(() => new DftObjective(), false, false),
        ["RL + λ·SFT"] = new(() => new SupervisedMixture(new ClippedPolicyObjective(), 0.5), false, false),
        ["rollouts only"] = new(() => new SourceOnly(TokenSource.Policy, new ClippedPolicyObjective())),
        ["labels only"] = new(() => new SourceOnly(TokenSource.Label, new ClippedPolicyObjective())),
        ["weighted sum"] = new(() => new WeightedSum(new ObjectiveTerm(new CispoObjective(), 0.3), new ObjectiveTerm(new SapoObjective(), 0.7))),
        ["LUFFY"] = new(() => new LuffyObjective()),
        ["SRFT"] = new(() => new SrftObjective(), false, false),
        ["CHORD-μ"] = new(() => new ChordObjective(Coefficient.WarmUpThenCosine(0.9, 0.05, 2, 10)), false, false),
        ["CHORD-φ"] = new(() => new ChordObjective(Coefficient.Constant(0.1), TokenWeights.Uncertainty), false, false),
        ["HPT"] = new(() => new HptObjective(), false, false),
        ["UFT"] = new(() => new HintedObjective(supervised: 0.1), false, false),
    };

    public static TheoryData<string> Names() => [.. All.Keys];

    public static TheoryData<string> Silent() => [.. All.Where(c => c.Value.SilentAtZeroAdvantage).Select(c => c.Key)];

    public static TheoryData<string> Linear() => [.. All.Where(c => c.Value.LinearInAdvantage).Select(c => c.Key)];
}
