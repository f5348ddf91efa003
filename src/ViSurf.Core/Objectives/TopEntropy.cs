using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// The tokens at which the policy is least sure: "forking tokens", to which a policy gradient may be restricted (arXiv 2506.01939; TRL
/// <c>top_entropy_quantile</c>). The threshold is a quantile over a whole step, so it is found before the step is cut.
/// </summary>
public static class TopEntropy
{
    /// <summary>The entropy that the given fraction of tokens reaches: the (1 − fraction) quantile, interpolated linearly.</summary>
    /// <param name="entropies">Entropies of all tokens of the step, any number of one-dimensional tensors, at least one token in all.</param>
    /// <param name="fraction">In (0, 1]. The paper keeps 0.2.</param>
    /// <returns>A scalar in the dtype and on the device of the entropies.</returns>
    /// <exception cref="ArgumentException">There is no token.</exception>
    public static Tensor Threshold(IReadOnlyList<Tensor> entropies, double fraction)
    {
        Guard.InRange(Guard.Positive(fraction), 0.0, 1.0);
        if (Guard.NotNull(entropies).Sum(e => e.numel()) == 0)
            throw new ArgumentException("Expected entropies of at least one token, got none.", nameof(entropies));
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var sorted = cat([.. entropies.Select(e => e.detach().flatten())], 0).sort().Values;
        var place = (1 - fraction) * (sorted.numel() - 1);
        var below = (long)Math.Floor(place);
        var (low, high) = (sorted.narrow(0, below, 1), sorted.narrow(0, Math.Min(below + 1, sorted.numel() - 1), 1));
        return low.Plus((high - low).Times(place - below)).squeeze(0).MoveToOuterDisposeScope();
    }

    /// <summary>The tokens at or above the threshold.</summary>
    /// <param name="entropy">[N, T].</param>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    /// <param name="threshold">A scalar.</param>
    /// <returns>bool [N, T], for <see cref="UpdateBatch.PolicyTokenMask"/>; false where padded.</returns>
    public static Tensor Mask(Tensor entropy, Tensor mask, Tensor threshold) => Guard.NotNull(entropy).detach().ge(threshold) & mask;
}
