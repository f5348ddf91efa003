using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>
/// <see cref="SelectiveLogSoftmax"/> of a head that is not trained: the gradient of the hidden states is made beside the values, chunk by
/// chunk. Two products a chunk instead of three, nothing of the size of the vocabulary is kept, and autograd sees a sum of products.
/// </summary>
/// <remarks>
/// With p = softmax(z), z = W·h / T: ∂ log p_id / ∂h = (W_id − p·W) / T, and of the entropy S, ∂S / ∂h = −(p ⊙ (log p + S))·W / T. A value
/// v with direction d is returned as v + Σ (h − h′) ⊙ d, where h′ is h without gradient: v to the bit, d as its gradient.
/// </remarks>
internal static class FrozenHead
{
    /// <param name="hidden">[M, H], with gradient.</param>
    /// <param name="weight">The head, [V, H].</param>
    /// <param name="ids">int64 [M], each in [0, V).</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <param name="withEntropy">Whether to return the entropy too, which is one product more.</param>
    /// <param name="rows">Rows of a chunk; null for <see cref="SelectiveLogSoftmax.Chunk(long, Device)"/>.</param>
    /// <returns>Log-probabilities [M] and entropies [M] in nats (or null).</returns>
    public static (Tensor LogProbs, Tensor? Entropy) Scores(
        Tensor hidden, Tensor weight, Tensor ids, double temperature, bool withEntropy, long? rows = null)
    {
        using var scope = NewDisposeScope();
        var (values, directions) = (new List<Tensor>(), new List<Tensor>());
        var chunk = rows ?? SelectiveLogSoftmax.Chunk(weight.shape[0], weight.device);
        using (no_grad())
        {
            for (long start = 0; start < ids.shape[0]; start += chunk)
            {
                var length = Math.Min(chunk, ids.shape[0] - start);
                var (value, direction) = Part(hidden.narrow(0, start, length),
                    weight, ids.narrow(0, start, length), temperature, withEntropy);
                values.Add(value);
                directions.Add(direction);
            }
        }
        // No row predicts anything: no numbers, with a gradient all the same.
        if (values.Count == 0)
            return (hidden.sum(-1).MoveToOuterDisposeScope(), withEntropy ? hidden.sum(-1).MoveToOuterDisposeScope() : null);
        var (known, along) = (cat(values, 1), cat(directions, 1));
        // Exactly 0, with the gradient of the states.
        var step = (hidden - hidden.detach()).to_type(along.dtype);
        Tensor Through(int i) => known[i].Plus((step * along[i]).sum(-1)).MoveToOuterDisposeScope();
        return (Through(0), withEntropy ? Through(1) : null);
    }

    /// <returns>[1 or 2, m] and [1 or 2, m, H], in the precision of the log-probabilities.</returns>
    private static (Tensor Values, Tensor Directions) Part(Tensor hidden, Tensor weight, Tensor ids, double temperature, bool withEntropy)
    {
        using var scope = NewDisposeScope();
        var log = SelectiveLogSoftmax.LogDistribution(nn.functional.linear(hidden, weight), temperature);
        var (logProb, entropy) = SelectiveLogSoftmax.Read(log, ids, withEntropy);
        var p = log.exp();
        Tensor Mean(Tensor weights) => weights.to_type(weight.dtype).mm(weight).to_type(log.dtype);
        var directions = new List<Tensor> { weight.index_select(0, ids).to_type(log.dtype) - Mean(p) };
        // A suppressed token (logit −∞) has probability 0; 0 × −∞ would be NaN.
        if (entropy is not null) directions.Add(Mean(p * log.AtLeast(-1e30).Plus(entropy.unsqueeze(1))).neg());
        var all = stack(directions);
        return (stack(entropy is null ? [logProb] : [logProb, entropy]).MoveToOuterDisposeScope(),
            (temperature == 1.0 ? all : all.Over(temperature)).MoveToOuterDisposeScope());
    }
}
