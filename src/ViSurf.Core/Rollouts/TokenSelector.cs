using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Rollouts;

/// <summary>Chooses the next token of every row from its logits, on the logits' device.</summary>
/// <remarks>
/// The draw inverts the cumulative distribution at a given uniform number, so a row's token depends on its own logits and number alone,
/// not on a generator's state or its neighbours. The cumulative sum runs over blocks of the vocabulary first and inside one block then,
/// in float64: one pass over the probabilities instead of a float64 copy of them, and no rounding that could reach a token of probability 0.
/// </remarks>
public sealed class TokenSelector
{
    private readonly TokenFilter _filter;

    /// <summary>Makes a selector.</summary>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">A stop token is suppressed.</exception>
    public TokenSelector(SamplingOptions? options = null)
    {
        Options = options ?? new SamplingOptions();
        var both = Options.StopIds.Intersect(Options.SuppressedIds).ToArray();
        if (both.Length > 0)
        {
            throw new ArgumentException(
                $"Expected stop tokens that can be drawn, got {string.Join(", ", both)} among StopIds and SuppressedIds. Take them out of one.", nameof(options));
        }
        _filter = new TokenFilter(Options);
    }

    /// <summary>The knobs.</summary>
    public SamplingOptions Options { get; }

    /// <summary>Whether <c>seen</c> is needed.</summary>
    public bool NeedsSeen => Options.RepetitionPenalty != 1.0;

    /// <summary>Which tokens a row has met: what the repetition penalty looks at.</summary>
    /// <param name="ids">int64 [R, L].</param>
    /// <param name="mask">bool [R, L], false for ids that do not count; null when all do.</param>
    /// <param name="vocabulary">V.</param>
    /// <returns>bool [R, V].</returns>
    public static Tensor Seen(Tensor ids, Tensor? mask, long vocabulary)
    {
        TensorGuard.Shape(ids, ScalarType.Int64, [-1, -1]);
        using var scope = NewDisposeScope();
        var counts = zeros([ids.shape[0], vocabulary], ScalarType.Float32, ids.device);
        var ones = mask is null ? ones_like(ids, ScalarType.Float32) : TensorGuard.Shape(mask, ScalarType.Bool, ids.shape).to(ScalarType.Float32);
        return counts.scatter_add(1, ids, ones).IsAbove(0).MoveToOuterDisposeScope();
    }

    /// <summary>The distribution that <see cref="Select(Tensor, Tensor, Tensor?)"/> draws from, after all filters.</summary>
    /// <param name="logits">float32 [R, V], raw.</param>
    /// <param name="seen">bool [R, V], needed with a repetition penalty.</param>
    /// <returns>float32 [R, V]; rows sum to 1; a single 1 per row when greedy.</returns>
    public Tensor Probabilities(Tensor logits, Tensor? seen = null)
    {
        Check(logits, seen);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var filtered = _filter.Apply(logits, seen, Suppressed(logits.device));
        var probabilities = Options.Temperature > 0
            ? filtered.softmax(-1)
            : nn.functional.one_hot(filtered.argmax(-1), filtered.shape[1]).to(filtered.dtype);
        return probabilities.MoveToOuterDisposeScope();
    }

    /// <summary>Chooses one token per row.</summary>
    /// <param name="logits">float32 [R, V], raw (temperature 1).</param>
    /// <param name="uniforms">float64 [R] in [0, 1), on the logits' device; not looked at when greedy.</param>
    /// <param name="seen">bool [R, V], needed with a repetition penalty.</param>
    /// <returns>
    /// Ids int64 [R], and float32 [R] log-probabilities under the softmax at <see cref="SamplingOptions.ScoringTemperature"/> before any filter:
    /// what <c>IPolicy.Score</c> says about the same tokens. NaN where the logits hold no distribution.
    /// </returns>
    public (Tensor Ids, Tensor LogProbs) Select(Tensor logits, Tensor uniforms, Tensor? seen = null)
    {
        using var suppressed = Suppressed(Guard.NotNull(logits).device);
        return Select(logits, uniforms, seen, suppressed);
    }

    /// <summary>The tokens that are never drawn, for the other <c>Select</c>; the caller's. Null when there are none.</summary>
    internal Tensor? Suppressed(Device device) => _filter.Suppressed(device);

    /// <summary>The same for one token after the other: what does not change is made once.</summary>
    internal (Tensor Ids, Tensor LogProbs) Select(Tensor logits, Tensor uniforms, Tensor? seen, Tensor? suppressed)
    {
        Check(logits, seen);
        TensorGuard.Shape(uniforms, ScalarType.Float64, [logits.shape[0]]);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var filtered = _filter.Apply(logits, seen, suppressed);
        var (top, best) = filtered.max(-1, keepdim: true);
        var weights = (filtered - top).exp_();
        var ids = Options.Temperature > 0 ? InverseDistribution.Draw(weights, uniforms) : best;
        var logProbs = Scored(logits.gather(1, ids)) - LogNormalizer(logits, top, weights, suppressed);
        return (ids.squeeze(1).MoveToOuterDisposeScope(), logProbs.squeeze(1).MoveToOuterDisposeScope());
    }

    /// <summary>Log of the sum over the unfiltered vocabulary, [R, 1], from the sum over the filtered one where that is possible.</summary>
    private Tensor LogNormalizer(Tensor logits, Tensor top, Tensor weights, Tensor? suppressed)
    {
        if (!_filter.OnlySuppresses) return Scored(logits).logsumexp(-1, keepdim: true);
        var kept = top.Plus(weights.sum(-1, keepdim: true).log());
        return suppressed is null ? kept : kept.logaddexp(Scored(logits.index_select(1, suppressed)).logsumexp(-1, keepdim: true));
    }

    private Tensor Scored(Tensor logits) => Options.ScoringTemperature == 1 ? logits : logits.Over(Options.ScoringTemperature);

    private void Check(Tensor logits, Tensor? seen)
    {
        TensorGuard.Shape(logits, ScalarType.Float32, [-1, -1]);
        if (!NeedsSeen) return;
        if (seen is null) throw new ArgumentException("Expected seen tokens, got null: a repetition penalty looks at them. See TokenSelector.Seen.", nameof(seen));
        TensorGuard.Shape(seen, ScalarType.Bool, logits.shape);
    }
}
