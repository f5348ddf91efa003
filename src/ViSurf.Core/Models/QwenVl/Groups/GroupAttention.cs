using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>
/// Attention of a packed pass: a prompt's rows see the prompt up to themselves, a completion's rows see their whole prompt and their own
/// completion up to themselves. Prompts run one by one and completions group by group, so nothing is padded beyond the longest
/// completion of a group. Owns its index tensors.
/// </summary>
internal sealed class GroupAttention : IAttention, IDisposable
{
    private readonly GroupLayout _layout;
    private readonly CompletionAttention[] _completions;
    private readonly Action<int, Tensor, Tensor>? _observe;
    private readonly LowerRight? _lowerRight;

    /// <param name="layout">The rows.</param>
    /// <param name="type">Dtype of queries.</param>
    /// <param name="device">Where attention runs.</param>
    /// <param name="observe">Gets layer, keys and values [M, key-value heads, d] of every layer; to keep them it has to copy them.</param>
    /// <param name="lowerRight">Attention that needs no mask and no copies of shared heads; null for none.</param>
    public GroupAttention(
        GroupLayout layout, ScalarType type, Device device, Action<int, Tensor, Tensor>? observe = null, LowerRight? lowerRight = null)
    {
        (_layout, _observe, _lowerRight) = (layout, observe, lowerRight);
        _completions = [.. layout.Continuations.Select(c => new CompletionAttention(c, type, device, lowerRight))];
    }

    public bool IsDecoding => false;

    public Tensor Mix(int layer, Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        _observe?.Invoke(layer, key, value);
        // Split, not narrowed: the gradient of a split is one concatenation, that of every narrow a tensor as large as all rows.
        var (queries, keys, values) = (Split(query, all: query.shape[0] == key.shape[0]), Split(key, all: true), Split(value, all: true));
        var prompts = _layout.Prompts.Count;
        var parts = new Tensor[queries.Length];
        // What attention keeps of a prompt would hold the rows of all completions beside it; of completions it keeps copies.
        Tensor Alone(Tensor x) => parts.Length > prompts && x.requires_grad ? x.clone() : x;
        for (var i = 0; i < prompts; i++) parts[i] = Causal(Alone(queries[i]), Alone(keys[i]), Alone(values[i]));
        for (var i = prompts; i < parts.Length; i++)
        {
            var prompt = _layout.Continuations[i - prompts].Prompt;
            parts[i] = _completions[i - prompts].Mix(queries[i], (keys[prompt], keys[i]), (values[prompt], values[i]));
        }
        return (parts.Length == 1 ? parts[0] : cat(parts, 0)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var completions in _completions) completions.Dispose();
    }

    /// <summary>Every prompt, then the completions of each: the order of the layout. Prompts have their last row only when not all are asked for.</summary>
    private Tensor[] Split(Tensor x, bool all)
    {
        long[] sizes = [.. _layout.Prompts.Select(p => all ? p.Length : 1L), .. _layout.Continuations.Select(c => (long)c.Rows)];
        return x.split(sizes);
    }

    /// <summary>
    /// One sequence, or its last row. Key-value heads stand in for the batch and the query heads that share one are its heads, so keys and values are
    /// expanded, never copied.
    /// </summary>
    private Tensor Causal(Tensor query, Tensor key, Tensor value)
    {
        var (length, heads, shared, size) = (query.shape[0], query.shape[1], key.shape[1], query.shape[2]);
        Tensor Alone(Tensor x) => x.unsqueeze(0).transpose(1, 2);
        if (_lowerRight?.Invoke(Alone(query), Alone(key), Alone(value)) is { } mixed)
            return mixed.transpose(1, 2).reshape(length, heads * size);
        Tensor Heads(Tensor x) => x.view(x.shape[0], shared, -1, size).permute(1, 2, 0, 3).expand(shared, heads / shared, x.shape[0], size);
        return nn.functional.scaled_dot_product_attention(Heads(query), Heads(key), Heads(value), is_casual: length == key.shape[0])
            .permute(2, 0, 1, 3).reshape(length, heads * size);
    }
}
