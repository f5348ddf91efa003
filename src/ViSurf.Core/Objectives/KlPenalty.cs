using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Adds coefficient × KL(π_θ ‖ π_ref) to any objective, as TRL does for <c>beta</c>.</summary>
/// <remarks>
/// Per token an estimate from x = log π_ref − log π_θ (within ±20), on all rows, labels included, whatever
/// <see cref="UpdateBatch.PolicyTokenMask"/> says. ViSurf itself uses none. The reference is whatever scored
/// <see cref="UpdateBatch.ReferenceLogProbs"/>: a frozen copy, the policy with its adapter off, or a moving average. Metric: <c>kl</c>, the mean
/// over the step's tokens, without the coefficient.
/// </remarks>
public sealed class KlPenalty : IObjective, IDescribed, IWrapper
{
    private readonly IObjective _inner;
    private readonly CoefficientSchedule _coefficient;
    private readonly LossAggregation _aggregation;
    private readonly KlEstimator _estimator;

    /// <summary>A fixed coefficient and, unless another is given, the estimator k3.</summary>
    /// <param name="inner">The objective to add to.</param>
    /// <param name="coefficient">β, at least 0; 0.04 in GRPO, 1e-2 in VisionReasoner.</param>
    /// <param name="aggregation">How token penalties become one; give it the inner objective's.</param>
    /// <param name="estimator">Null for <see cref="KlEstimators.K3"/>.</param>
    public KlPenalty(
        IObjective inner, double coefficient, LossAggregation aggregation = LossAggregation.SequenceMean, KlEstimator? estimator = null)
        : this(inner, Coefficient.Constant(Guard.NotNegative(coefficient)), aggregation, estimator)
    {
    }

    /// <summary>A coefficient that moves: by the step, or by what it is told (<see cref="AdaptiveCoefficient"/>).</summary>
    /// <param name="inner">The objective to add to.</param>
    /// <param name="coefficient">β of the step; asked once per micro-batch, so it must not move within a step.</param>
    /// <param name="aggregation">How token penalties become one; give it the inner objective's.</param>
    /// <param name="estimator">Null for <see cref="KlEstimators.K3"/>.</param>
    public KlPenalty(
        IObjective inner, CoefficientSchedule coefficient, LossAggregation aggregation = LossAggregation.SequenceMean, KlEstimator? estimator = null)
        => (_inner, _coefficient, _aggregation, _estimator) = (Guard.NotNull(inner), Guard.NotNull(coefficient), aggregation, estimator ?? KlEstimators.K3);

    /// <summary>
    /// Whether each token's estimate is multiplied by ρ, which makes it unbiased when the rollouts come from older weights (DeepSeek-V3.2, arXiv
    /// 2512.02556; TRL <c>use_bias_correction_kl</c>).
    /// </summary>
    /// <value>false.</value>
    public bool ImportanceWeighted { get; init; }

    string IDescribed.Description => FormattableString.Invariant(
        $"KlPenalty({ScheduleText.Of(_coefficient.Invoke)}, {Descriptions.Of(_estimator)}{(ImportanceWeighted ? ", weighted" : "")}, {_aggregation}; {Descriptions.Of(_inner)})");

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch has no reference log-probabilities.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbs = ObjectiveInputs.Check(current, batch);
        var reference = ObjectiveInputs.Reference(batch, logProbs, nameof(KlPenalty));
        var estimate = _estimator(ObjectiveInputs.LogRatioOf(reference, logProbs));
        var perToken = ImportanceWeighted ? estimate * PolicyTerms.Of(current, batch).Ratio : estimate;
        var coefficient = _coefficient(batch.Step);
        var penalty = _aggregation.Reduce(perToken, batch).Times(coefficient);
        using var result = _inner.Evaluate(current, batch);
        return ObjectiveScope.Result(result.Loss.Plus(penalty),
        [
            .. result.Metrics.Select(m => (m.Name, m.Value.alias())),
            ("kl", ObjectiveInputs.TokenShare(perToken, batch)),
        ]);
    }
}
