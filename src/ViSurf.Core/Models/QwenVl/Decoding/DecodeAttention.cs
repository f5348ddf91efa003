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
/// <param name="bias">float32 [R, 1, 1, prefix + suffix]: −∞ where a row may not look; null when every row sees everything.</param>
internal sealed class DecodeAttention(PrefixCache prefix, SuffixCache suffix, RowGrid grid, Tensor? bias) : IAttention
{
    public Tensor Mix(int layer, Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, size, shared) = (query.shape[0], query.shape[1], query.shape[2], key.shape[1]);
        var repeats = heads / shared;
        var (promptKeys, promptValues) = prefix.Layer(layer);
        var (ownKeys, ownValues) = suffix.Extend(layer, key, value);
        var (before, own) = (promptKeys.shape[2], ownKeys.shape[2]);

        // Scores are float32, as inside the fused kernel that scoring uses: rounded to bfloat16 they would shift every weight by a percent.
        var scaled = query.view(rows, shared, repeats, size).Wide().Times(1 / Math.Sqrt(size));
        var toPrompt = grid.Gather(matmul(grid.Spread(scaled), promptKeys.Wide().transpose(-1, -2)), repeats);
        var toOwn = matmul(scaled, ownKeys.Wide().transpose(-1, -2));
        var scores = cat([toPrompt, toOwn], -1);
        if (bias is not null) scores = scores.Plus(bias);
        var weights = scores.softmax(-1).to_type(query.dtype);

        var fromPrompt = grid.Gather(matmul(grid.Spread(weights.narrow(3, 0, before)), promptValues), repeats);
        var fromOwn = matmul(weights.narrow(3, before, own), ownValues);
        return fromPrompt.Plus(fromOwn).reshape(rows, heads * size).MoveToOuterDisposeScope();
    }
}
