using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>
/// Log-probabilities of chosen tokens, in chunks of rows: what is kept of each row is one number (two with entropy), and the float32
/// copy of the logits never exists for all rows at once unless autograd has to keep it.
/// </summary>
/// <remarks>
/// Arithmetic is float32 for half-precision logits and float64 for float64 logits. Equals <c>log_softmax(logits / temperature)</c>
/// gathered at the chosen ids; TRL calls it <c>selective_log_softmax</c>.
/// </remarks>
public static class SelectiveLogSoftmax
{
    /// <summary>Numbers of a logits chunk: 64 MiB in float32, large enough for the matmul to run at full rate.</summary>
    internal const long ChunkElements = 1L << 24;

    /// <summary>
    /// Rows of a chunk at least on CUDA, where fewer are expected to leave most of the device idle; 0.6 GB in float32 for 152,064 tokens.
    /// </summary>
    private const long FewestOnCuda = 1024;

    /// <summary>Scores rows whose logits are already there.</summary>
    /// <param name="logits">Floating point [M, V], raw (not divided by the temperature).</param>
    /// <param name="ids">int64 [M], each in [0, V), on the same device.</param>
    /// <param name="temperature">Divides the logits; greater than 0.</param>
    /// <param name="withEntropy">Whether to return the entropy too.</param>
    /// <returns>Log-probabilities [M] and entropies [M] in nats (or null), with gradient when grad mode is on.</returns>
    /// <exception cref="ArgumentException">Shapes or dtypes do not fit.</exception>
    public static (Tensor LogProbs, Tensor? Entropy) OfLogits(Tensor logits, Tensor ids, double temperature = 1.0, bool withEntropy = false)
    {
        TensorGuard.Shape(logits, null, [-1, -1]);
        using var plain = new Recomputation(active: false);
        return Chunked(logits, rows => rows, ids, temperature, withEntropy, Chunk(logits.shape[1], logits.device), plain, () => null);
    }

    /// <summary>Scores rows from hidden states, so that the output head runs in chunks as well.</summary>
    /// <param name="hidden">Floating point [M, H], after the final norm: only rows whose token counts.</param>
    /// <param name="head">Maps [m, H] to raw logits [m, V], row by row.</param>
    /// <param name="vocabulary">V, which decides the chunk.</param>
    /// <param name="ids">int64 [M], each in [0, V), on the same device.</param>
    /// <param name="temperature">Divides the logits; greater than 0.</param>
    /// <param name="withEntropy">Whether to return the entropy too.</param>
    /// <returns>Log-probabilities [M] and entropies [M] in nats (or null), with gradient when grad mode is on.</returns>
    /// <exception cref="ArgumentException">Shapes or dtypes do not fit.</exception>
    public static (Tensor LogProbs, Tensor? Entropy) OfHidden(Tensor hidden, Func<Tensor, Tensor> head, int vocabulary, Tensor ids,
        double temperature = 1.0, bool withEntropy = false)
    {
        TensorGuard.Shape(hidden, null, [-1, -1]);
        Guard.NotNull(head);
        using var plain = new Recomputation(active: false);
        return Chunked(hidden, head, ids, temperature, withEntropy, Chunk(Guard.Positive(vocabulary), hidden.device), plain, () => null);
    }

    /// <summary>
    /// The same, where the backward pass may compute each chunk's logits again instead of keeping them: the recomputation lives until
    /// then, the anchor is that of <see cref="Recomputation.Run"/>.
    /// </summary>
    internal static (Tensor LogProbs, Tensor? Entropy) OfHidden(Tensor hidden, Func<Tensor, Tensor> head, int vocabulary, Tensor ids,
        double temperature, bool withEntropy, Recomputation recomputation, Func<Tensor?> anchor)
        => Chunked(hidden, head, ids, temperature, withEntropy, Chunk(vocabulary, hidden.device), recomputation, anchor);

    internal static (Tensor LogProbs, Tensor? Entropy) Chunked(Tensor rows, Func<Tensor, Tensor> head, Tensor ids, double temperature,
        bool withEntropy, long chunk, Recomputation recomputation, Func<Tensor?> anchor)
    {
        TensorGuard.Shape(ids, ScalarType.Int64, [rows.shape[0]]);
        Guard.Positive(temperature);
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (long start = 0; start < rows.shape[0]; start += chunk)
        {
            var length = Math.Min(chunk, rows.shape[0] - start);
            var chosen = recomputation.Keep(ids.narrow(0, start, length));
            // One tensor, [1, m] or [2, m]: a recomputed part has one result.
            parts.Add(recomputation.Run(some =>
            {
                using var inner = NewDisposeScope();
                var (logProb, entropy) = Score(head(some), chosen, temperature, withEntropy);
                return stack(entropy is null ? [logProb] : [logProb, entropy]).MoveToOuterDisposeScope();
            }, rows.narrow(0, start, length), anchor));
        }
        if (parts.Count == 0) parts.Add(zeros([withEntropy ? 2 : 1, 0], Precision(rows.dtype), rows.device));
        var all = cat(parts, 1);
        return (all[0].MoveToOuterDisposeScope(), withEntropy ? all[1].MoveToOuterDisposeScope() : null);
    }

    /// <summary>Rows of a chunk.</summary>
    internal static long Chunk(long vocabulary, Device device) => Chunk(vocabulary, device.type == TorchSharp.DeviceType.CUDA);

    /// <summary>Rows of a chunk.</summary>
    internal static long Chunk(long vocabulary, bool onCuda)
        => Math.Max(onCuda ? FewestOnCuda : 1, ChunkElements / Math.Max(1, vocabulary));

    /// <summary>log_softmax(logits / temperature), in float32 for half precision.</summary>
    internal static Tensor LogDistribution(Tensor logits, double temperature)
    {
        var scaled = logits.to(Precision(logits.dtype));
        return (temperature != 1.0 ? scaled.Over(temperature) : scaled).log_softmax(-1);
    }

    /// <summary>The chosen tokens' log-probabilities, and the entropies when they are asked for.</summary>
    internal static (Tensor LogProb, Tensor? Entropy) Read(Tensor logDistribution, Tensor ids, bool withEntropy)
    {
        var logProb = logDistribution.gather(1, ids.unsqueeze(1)).squeeze(1);
        if (!withEntropy) return (logProb, null);
        // A suppressed token (logit −∞) has probability 0 and adds nothing; 0 × −∞ would be NaN.
        var contribution = logDistribution.exp() * logDistribution.AtLeast(-1e30);
        return (logProb, contribution.sum(-1).neg());
    }

    private static (Tensor LogProb, Tensor? Entropy) Score(Tensor logits, Tensor ids, double temperature, bool withEntropy)
    {
        TensorGuard.Shape(logits, null, [ids.shape[0], -1]);
        return Read(LogDistribution(logits, temperature), ids, withEntropy);
    }

    private static ScalarType Precision(ScalarType type) => type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
}
