using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

public static partial class AdvantageEstimators
{
    /// <summary>
    /// Pass@k training (arXiv 2508.10751): the reward of a set of k completions is that of its best; the advantage of a completion is
    /// the mean over all sets it could be in, in closed form.
    /// </summary>
    /// <remarks>
    /// With n members, w of them wrong: m = 1 − C(w, k)/C(n, k), σ = √(m(1 − m)); a right one gets (1 − m)/σ, a wrong one
    /// (1 − m − C(w−1, k−1)/C(n−1, k−1))/σ. A group in which a set of k always passes, or never does, gets 0. With k = 1 this is
    /// <see cref="GroupNormalized"/> with the population deviation on rewards of 0 and 1.
    /// </remarks>
    /// <param name="k">Size of the sets, at least 1; a group smaller than k counts as one set.</param>
    /// <param name="rightFrom">A completion with at least this total is right.</param>
    /// <param name="labelInStatistics">Whether the label is a member; one that is not is judged like a right or wrong one.</param>
    public static AdvantageEstimator PassAtK(int k, double rightFrom = 1.0, bool labelInStatistics = true)
    {
        Guard.Positive(k);
        return groups => Estimate(groups, group =>
        {
            var members = Members(group, labelInStatistics);
            var (n, wrong) = (members.Length, members.Count(r => r < rightFrom));
            var size = Math.Min(k, Math.Max(1, n));
            var mean = 1 - Fraction(wrong, n, size);
            var sigma = Math.Sqrt(mean * (1 - mean));
            if (sigma == 0) return _ => 0;
            return reward => reward >= rightFrom ? (1 - mean) / sigma : (1 - mean - Fraction(wrong - 1, n - 1, size - 1)) / sigma;
        });
    }

    /// <summary>
    /// Only the best of a group learns, by how far it is ahead of the second (arXiv 2503.19595; verl <c>grpo_passk</c>, there divided by the
    /// group's deviation). Where two are equally good nobody is ahead and nobody learns, nor does one alone.
    /// </summary>
    /// <param name="epsilon">Added to the deviation. 1e-6 as in verl.</param>
    /// <param name="deviation">
    /// <see cref="StandardDeviation.Sample"/> as in verl, or <see cref="StandardDeviation.Population"/>, or <see cref="StandardDeviation.None"/>.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="deviation"/> is the batch's.</exception>
    public static AdvantageEstimator BestOfGroup(double epsilon = 1e-6, StandardDeviation deviation = StandardDeviation.Sample)
    {
        Guard.NotNegative(epsilon);
        if (deviation == StandardDeviation.Batch)
            throw new ArgumentException("Expected a deviation of the group or none, got that of the batch.", nameof(deviation));
        return groups => Guard.NotNull(groups).Select(group =>
        {
            var (totals, members) = (group.Totals, Members(group, labelInStatistics: true));
            var advantages = new double[totals.Length];
            if (members.Length < 2) return advantages;
            var best = Array.IndexOf(totals, members.Max());
            var second = members.OrderDescending().ElementAt(1);
            var std = Spread.Of(members, deviation == StandardDeviation.Population ? 0 : 1).Deviation;
            var divisor = deviation == StandardDeviation.None || std == 0 ? 1 : std + epsilon;
            if (!group.Scores[best].Neutral) advantages[best] = (totals[best] - second) / divisor;
            return advantages;
        }).ToArray();
    }

    /// <summary>C(part, k)/C(whole, k): the chance that k drawn from the whole are all of the part; 0 when the part is smaller than k.</summary>
    private static double Fraction(int part, int whole, int k)
    {
        var fraction = 1.0;
        for (var i = 0; i < k; i++) fraction *= Math.Max(0, part - i) / (double)(whole - i);
        return fraction;
    }
}
