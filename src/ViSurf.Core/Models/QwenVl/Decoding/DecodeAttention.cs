using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Attention of one decoding step: the queries of a group meet the one copy of their prompt in one product, each row its own tokens in
/// another, and one softmax goes over both.
/// </summary>
/// <param name="prefix">Keys and values of the prompts.</param>
/// <param name="suffix">Keys and values of the rows; its step has begun.</param>
/// <param name="grid">Rows by prompt.</param>
/// <param name="mask">Where a row may not look, in float32; null when every row sees everything.</param>
internal sealed class DecodeAttention(PrefixCache prefix, SuffixCache suffix, RowGrid grid, RowMask? mask) : IAttention
{
    public bool IsDecoding => true;

    public Tensor Mix(int layer, Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, size, shared) = (query.shape[0], query.shape[1], query.shape[2], key.shape[1]);
        var repeats = heads / shared;
        var (promptKeys, promptValues) = prefix.Layer(layer);
        suffix.Write(layer, key, value);
        var (ownKeys, ownValues) = suffix.Written(layer);
        var (before, own) = (promptKeys.shape[2], ownKeys.shape[2]);

        // Key-value heads first, as in the caches: rows and prompts then are batches of matrices, of which nothing has to be copied.
        // Scores are float32, as inside the fused kernel that scoring uses: rounded to bfloat16 they would shift every weight by a percent.
        var scaled = query.view(rows, shared, repeats, size).transpose(0, 1).contiguous().Wide().Times(1 / Math.Sqrt(size));
        var toPrompt = grid.Gather(grid.Spread(scaled).bmm(Batch(promptKeys).Wide().transpose(1, 2)), shared);
        var toOwn = Batch(scaled).bmm(Batch(ownKeys).Wide().transpose(1, 2)).view(shared, rows, repeats, own);
        var scores = cat([toPrompt, toOwn], -1);
        if (mask is not null) scores = scores.Plus(mask.Of(suffix.Ring.Used).squeeze(1));
        var weights = scores.softmax(-1).to_type(query.dtype);

        var fromPrompt = grid.Gather(grid.Spread(weights.narrow(3, 0, before)).bmm(Batch(promptValues)), shared);
        var mixed = Batch(weights.narrow(3, before, own)).bmm(Batch(ownValues)).PlusInPlace(Batch(fromPrompt), 1);
        return mixed.view(shared, rows, repeats, size).transpose(0, 1).reshape(rows, heads * size).MoveToOuterDisposeScope();
    }

    /// <summary>[a, b, c, d] to [a · b, c, d].</summary>
    private static Tensor Batch(Tensor x) => x.flatten(0, 1);
}
