using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// Log-probabilities and entropies of chosen tokens from hidden states and the head's matrix, with the gradient written out: of every
/// row it keeps the hidden state and three numbers. Logits are made again in the backward pass, chunk by chunk, unless they are few.
/// </summary>
/// <param name="weight">The head, [V, H], without a bias and without an adapter.</param>
/// <param name="temperature">Divides the logits.</param>
/// <param name="chunk">Rows at a time; null for <see cref="Chunk"/>.</param>
/// <param name="kept">Most logits that are kept.</param>
internal sealed class HeadScores(Tensor weight, double temperature, long? chunk = null, long kept = HeadScores.KeptLogits) : IClosedForm
{
    /// <summary>Logits that are kept, 32 MiB in float32: so few that making them again would cost more than it saves.</summary>
    public const long KeptLogits = 1L << 23;

    /// <summary>Logits of a chunk, 16 MiB in float32: what the backward pass needs at once.</summary>
    public const long ChunkLogits = 1L << 22;

    /// <summary>Rows of a chunk at least: fewer would read the head's matrix too often.</summary>
    private const long FewestRows = 256;

    /// <summary>Whether scores can be made here: see <see cref="RmsMath.Takes"/>.</summary>
    public static bool Takes(Tensor hidden, Tensor weight) => hidden.dim() == 2 && RmsMath.Takes(hidden, weight);

    /// <summary>Rows of a chunk for a vocabulary.</summary>
    public static long Chunk(long vocabulary) => Math.Max(FewestRows, ChunkLogits / vocabulary);

    /// <summary>Scores rows.</summary>
    /// <param name="hidden">[M, H].</param>
    /// <param name="ids">int64 [M]: the chosen tokens.</param>
    /// <returns>[M] each, in nats.</returns>
    /// <exception cref="ArgumentException">An id is not in [0, V).</exception>
    public (Tensor LogProbs, Tensor Entropies) Of(Tensor hidden, Tensor ids)
    {
        TensorGuard.Shape(ids, ScalarType.Int64, [hidden.shape[0]]);
        foreach (var id in ids.data<long>().ToArray())
            if (id < 0 || id >= weight.shape[0])
                throw new ArgumentException($"Expected ids of a vocabulary of {weight.shape[0]}, got {id}.", nameof(ids));
        var both = ClosedForm.Apply(this, weight.requires_grad ? weight : null, hidden, ids);
        return (both[0], both[1]);
    }

    public IEnumerable<Tensor> Weights => [weight];

    public Tensor Forward(Tensor[] inputs, List<Tensor>? keep)
    {
        var (hidden, ids, parts) = (inputs[0], inputs[1], new List<Tensor>());
        var keeps = keep is not null && ids.shape[0] * weight.shape[0] <= kept;
        foreach (var (start, length) in Chunks(ids.shape[0]))
        {
            var logits = Logits(hidden, start, length);
            parts.Add(Moments(logits, ids.narrow(0, start, length)));
            if (keeps) keep!.Add(logits);
            else logits.Dispose();
        }
        var moments = parts.Count == 0 ? zeros([3, 0], weight.dtype, CPU) : cat(parts, 1);
        keep?.InsertRange(0, [hidden, ids, moments]);
        return stack([moments[0], moments[2]]);
    }

    public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> saved, bool[] wanted)
    {
        var (hidden, ids, moments) = (saved[0], saved[1], saved[2]);
        var parts = new List<Tensor>();
        var next = 0;
        foreach (var (start, length) in Chunks(ids.shape[0]))
        {
            using var scope = NewDisposeScope();
            Tensor Part(Tensor x) => x.narrow(1, start, length).contiguous();
            var logits = saved.Count > 3 ? saved[3 + next++] : Logits(hidden, start, length);
            var through = Gradient(logits, ids.narrow(0, start, length), Part(moments), Part(gradient));
            ClosedForm.AddProduct(weight, through.t(), hidden.narrow(0, start, length));
            if (wanted[0]) parts.Add(through.mm(weight).MoveToOuterDisposeScope());
        }
        return [!wanted[0] ? null : parts.Count == 0 ? zeros_like(hidden) : cat(parts, 0), null];
    }

    private List<(long Start, long Length)> Chunks(long rows)
    {
        var (some, all) = (chunk ?? Chunk(weight.shape[0]), new List<(long, long)>());
        for (long start = 0; start < rows; start += some) all.Add((start, Math.Min(some, rows - start)));
        return all;
    }

    private Tensor Logits(Tensor hidden, long start, long length) => nn.functional.linear(hidden.narrow(0, start, length), weight);

    private Tensor Moments(Tensor logits, Tensor chosen)
    {
        if (HostMemory.Takes(logits)) return HostSoftmax.Moments(logits, chosen, temperature);
        using var scope = NewDisposeScope();
        var scaled = logits.Over(temperature);
        var sums = scaled.logsumexp(-1);
        var log = scaled - sums.unsqueeze(1);
        // A suppressed token (logit −∞) has probability 0 and adds nothing; 0 × −∞ would be NaN.
        var entropy = (log.exp() * log.AtLeast(-1e30)).sum(-1).neg();
        return stack([log.gather(1, chosen.unsqueeze(1)).squeeze(1), sums, entropy]).MoveToOuterDisposeScope();
    }

    private Tensor Gradient(Tensor logits, Tensor chosen, Tensor moments, Tensor gradient)
    {
        if (HostMemory.Takes(logits))
        {
            HostSoftmax.Gradient(logits, chosen, temperature, moments, gradient);
            return logits;
        }
        Tensor Column(Tensor x, int row) => x[row].unsqueeze(1);
        var log = logits.Over(temperature) - Column(moments, 1);
        var through = log.exp() * Column(gradient, 0).Plus(Column(gradient, 1) * log.AtLeast(-1e30).Plus(Column(moments, 2))).neg();
        return through.scatter_add_(1, chosen.unsqueeze(1), Column(gradient, 0)).OverInPlace(temperature);
    }
}
