using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Pieces of surrogates and ways to put them together.</summary>
public static class Surrogates
{
    /// <summary>−ρÂ: the importance-weighted policy gradient without a clip.</summary>
    public static SurrogateLoss PolicyGradient(PolicyTerms terms) => -(terms.Ratio * terms.Advantages);

    /// <summary>
    /// −min(ρÂ, clip(ρ, 1−ε_low, 1+ε_high)Â) (PPO, arXiv 1707.06347, eq. 7), ρ in its first place at most <paramref name="cap"/>. Metrics:
    /// <c>clip_fraction</c>, tokens whose gradient the clip removed, and its two sides, <c>clip_low_fraction</c> and <c>clip_high_fraction</c>.
    /// </summary>
    public static Surrogate Clipped(double low, double high, double? cap = null)
    {
        Guard.InRange(low, 0.0, 1.0);
        Guard.NotNegative(high);
        if (cap is { } given) Guard.Positive(given);
        return NamedSurrogate.Of($"Clipped({low} to {high}, cap {cap?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"})", terms =>
        {
            var (ratio, advantages) = (terms.Ratio, terms.Advantages);
            var clipped = ratio.Between(1 - low, 1 + high);
            var free = cap is { } most ? ratio.AtMost(most) : ratio;
            var below = ratio.IsBelow(1 - low) & advantages.IsBelow(0);
            var above = ratio.IsAbove(1 + high) & advantages.IsAbove(0);
            return new SurrogateLoss(-minimum(free * advantages, clipped * advantages))
            {
                TokenMetrics = [("clip_fraction", below | above), ("clip_low_fraction", below), ("clip_high_fraction", above)],
            };
        });
    }

    /// <summary>One formula for what the policy wrote and one for what the label wrote, token by token.</summary>
    /// <param name="rollouts">For tokens of the policy.</param>
    /// <param name="labels">For tokens of the label; see <see cref="UpdateBatch.LabelTokenMask"/>.</param>
    public static Surrogate BySource(Surrogate rollouts, Surrogate labels)
    {
        Guard.NotNull(rollouts);
        Guard.NotNull(labels);
        return NamedSurrogate.Of($"BySource({Descriptions.Of(rollouts)}, {Descriptions.Of(labels)})", terms =>
        {
            var (ours, theirs) = (rollouts(terms), labels(terms));
            return new SurrogateLoss(where(terms.FromLabel, theirs.PerToken, ours.PerToken))
            {
                TokenMetrics = [.. Only(ours.TokenMetrics, terms.FromLabel.logical_not()), .. Only(theirs.TokenMetrics, terms.FromLabel)],
                SequenceMetrics = [.. ours.SequenceMetrics, .. theirs.SequenceMetrics],
            };
        });
    }

    /// <summary>
    /// Drops sequences with Â &lt; 0 that the policy has moved away from: mean_t(log π_old − log π_θ) &gt; <paramref name="threshold"/>
    /// (DeepSeek-V3.2, arXiv 2512.02556, eq. 9; TRL <c>off_policy_mask_threshold</c>). Metric: <c>stale_fraction</c> of sequences.
    /// </summary>
    /// <param name="surrogate">The loss to mask.</param>
    /// <param name="threshold">In nats per token, at least 0. TRL names 0.5 as an example.</param>
    public static Surrogate WithoutStale(this Surrogate surrogate, double threshold)
    {
        Guard.NotNull(surrogate);
        Guard.NotNegative(threshold);
        return NamedSurrogate.Of($"WithoutStale({threshold}, {Descriptions.Of(surrogate)})", terms =>
        {
            var inner = surrogate(terms);
            var distance = MaskedReduce.RowMeans(terms.LogRatio.detach().neg(), terms.Mask);
            var stale = distance.IsAbove(threshold) & MaskedReduce.RowMeans(terms.Advantages, terms.Mask).IsBelow(0);
            return new SurrogateLoss(MaskedReduce.Fill(inner.PerToken, stale.logical_not().expand(inner.PerToken.shape)))
            {
                TokenMetrics = inner.TokenMetrics,
                SequenceMetrics = [.. inner.SequenceMetrics, ("stale_fraction", stale)],
            };
        });
    }

    private static IEnumerable<(string Name, Tensor Value)> Only(IReadOnlyList<(string Name, Tensor Value)> metrics, Tensor mask)
        => metrics.Select(m => (m.Name, MaskedReduce.Fill(m.Value, mask)));
}
