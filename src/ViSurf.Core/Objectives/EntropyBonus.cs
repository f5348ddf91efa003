using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Subtracts coefficient × entropy from any objective, against a policy that grows certain too early.</summary>
/// <remarks>Needs <c>SequenceBatch.WithEntropy</c>. ViSurf itself uses none; its ancestor takes 1e-3. Metric: <c>entropy</c>, the mean over the step's tokens.</remarks>
/// <param name="inner">The objective to add to.</param>
/// <param name="coefficient">At least 0.</param>
/// <param name="aggregation">How token entropies become one; give it the inner objective's.</param>
public sealed class EntropyBonus(IObjective inner, double coefficient,
    LossAggregation aggregation = LossAggregation.SequenceMean) : IObjective, IDescribed, IWrapper
{
    private readonly IObjective _inner = Guard.NotNull(inner);
    private readonly double _coefficient = Guard.NotNegative(coefficient);

    string IDescribed.Description => FormattableString.Invariant($"EntropyBonus({_coefficient}, {aggregation}; {Descriptions.Of(_inner)})");

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The scores have no entropy.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        ObjectiveInputs.Check(current, batch);
        var entropy = ObjectiveInputs.Entropy(current, batch, nameof(EntropyBonus));
        using var result = _inner.Evaluate(current, batch);
        var metrics = result.Metrics.Where(m => m.Name != "entropy").Select(m => (m.Name, m.Value.alias()));
        return ObjectiveScope.Result(result.Loss - aggregation.Reduce(entropy, batch).Times(_coefficient),
            [.. metrics, ("entropy", ObjectiveInputs.TokenShare(entropy, batch))]);
    }
}
