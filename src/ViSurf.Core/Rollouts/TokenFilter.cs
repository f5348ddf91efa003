using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Rollouts;

/// <summary>Raw logits in, logits of the sampling distribution out (−∞ where a token cannot be drawn). Results live in the caller's dispose scope.</summary>
internal sealed class TokenFilter(SamplingOptions options)
{
    private readonly long[] _suppressed = [.. options.SuppressedIds.Distinct().Select(id => (long)id)];

    /// <summary>Whether, temperature aside, it does no more than take out the suppressed tokens.</summary>
    public bool OnlySuppresses => options is { TopP: 1, TopK: 0, MinP: 0, RepetitionPenalty: 1 };

    /// <summary>The suppressed tokens, int64 [S]: what the other methods are given. Null when there are none.</summary>
    public Tensor? Suppressed(Device device) => _suppressed.Length == 0 ? null : tensor(_suppressed, device: CPU).to(device);

    public Tensor Apply(Tensor logits, Tensor? seen, Tensor? suppressed)
    {
        var result = Suppress(Penalize(logits, seen), suppressed);
        // Greedy: what follows never removes the most likely token.
        if (options.Temperature == 0) return result;
        if (options.Temperature != 1) result = result.Over(options.Temperature);
        if (options.TopK > 0) result = TopK(result);
        if (options.TopP < 1) result = TopP(result);
        return options.MinP > 0 ? MinP(result) : result;
    }

    private Tensor Penalize(Tensor logits, Tensor? seen)
    {
        if (options.RepetitionPenalty == 1 || seen is null) return logits;
        var penalized = where(logits.IsBelow(0), logits.Times(options.RepetitionPenalty), logits.Over(options.RepetitionPenalty));
        return where(seen, penalized, logits);
    }

    private Tensor Suppress(Tensor logits, Tensor? suppressed)
    {
        if (suppressed is null) return logits;
        if (_suppressed.Max() is var largest && largest >= logits.shape[1])
            throw new ArgumentException($"Expected SuppressedIds below the vocabulary's {logits.shape[1]}, got {largest}.");
        if (_suppressed.Length == logits.shape[1])
            throw new ArgumentException($"Expected SuppressedIds to leave a token that can be drawn, "
                + $"got all {_suppressed.Length} of the vocabulary.");
        return logits.Replace(1, suppressed, double.NegativeInfinity);
    }

    private Tensor TopK(Tensor logits)
    {
        var (values, _) = logits.topk((int)Math.Min(options.TopK, logits.shape[1]));
        return Remove(logits, logits < values.narrow(1, values.shape[1] - 1, 1));
    }

    private Tensor TopP(Tensor logits)
    {
        // Ascending, so that the tail to cut is a prefix; the last one always stays.
        using var _ = TorchContext.Relaxed();   // see InverseDistribution
        var (sorted, order) = logits.sort(-1, descending: false);
        var removeSorted = sorted.softmax(-1).cumsum(-1).IsAtMost(1 - options.TopP);
        removeSorted.select(1, removeSorted.shape[1] - 1).zero_();
        return Remove(logits, removeSorted.scatter(1, order, removeSorted));
    }

    private Tensor MinP(Tensor logits)
    {
        var probabilities = logits.softmax(-1);
        return Remove(logits, probabilities < probabilities.amax([-1], keepdim: true).Times(options.MinP));
    }

    private static Tensor Remove(Tensor logits, Tensor remove) => logits.Replace(remove, double.NegativeInfinity);
}
