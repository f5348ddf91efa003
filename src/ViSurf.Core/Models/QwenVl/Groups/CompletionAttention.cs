using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Completions of one prompt attend to the prompt and to themselves, all in one product. Owns its index tensors.</summary>
internal sealed class CompletionAttention : IDisposable
{
    private readonly long _count, _longest;
    private readonly Tensor? _padded, _valid;
    private readonly Tensor _mask;

    /// <param name="continuation">The rows.</param>
    /// <param name="type">Dtype of queries.</param>
    /// <param name="device">Where attention runs.</param>
    public CompletionAttention(Continuation continuation, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        (_count, _longest) = (continuation.Lengths.Count, continuation.Lengths.Max());
        // Whatever stands in padding comes after every valid token of its completion, so the causal mask alone hides it.
        var later = ones([_longest, _longest], ScalarType.Bool, device).triu(1);
        var hidden = cat([zeros([_longest, continuation.PromptRows], ScalarType.Bool, device), later], 1);
        _mask = zeros(hidden.shape, type, device).Replace(hidden, double.NegativeInfinity).DetachFromDisposeScope();
        if (continuation.Lengths.All(n => n == _longest)) return;
        var (padded, valid) = Indices(continuation.Lengths, _longest);
        _padded = tensor(padded, device: device).DetachFromDisposeScope();
        _valid = tensor(valid, device: device).DetachFromDisposeScope();
    }

    /// <summary>Mixed values of these rows.</summary>
    /// <param name="query">[rows, heads, d].</param>
    /// <param name="key">[prompt's rows, key-value heads, d] and [rows, key-value heads, d].</param>
    /// <param name="value">The same.</param>
    /// <returns>[rows, heads · d].</returns>
    public Tensor Mix(Tensor query, (Tensor Prompt, Tensor Own) key, (Tensor Prompt, Tensor Own) value)
    {
        var (heads, shared, size) = (query.shape[1], key.Own.shape[1], query.shape[2]);
        var repeats = heads / shared;
        // Key-value heads join the batch, as in a prompt's attention.
        var queries = Padded(query).view(_count, _longest, shared, repeats, size).permute(0, 2, 3, 1, 4).reshape(_count * shared, repeats, _longest, size);
        Tensor All((Tensor Prompt, Tensor Own) x)
        {
            var own = Padded(x.Own).view(_count, _longest, shared, size).transpose(1, 2);
            var prompt = x.Prompt.transpose(0, 1).expand(_count, -1, -1, -1);
            return cat([prompt, own], 2).view(_count * shared, 1, -1, size).expand(-1, repeats, -1, -1);
        }
        var mixed = nn.functional.scaled_dot_product_attention(queries, All(key), All(value), _mask)
            .view(_count, shared, repeats, _longest, size).permute(0, 3, 1, 2, 4).reshape(_count * _longest, heads * size);
        return _valid is null ? mixed : mixed.index_select(0, _valid);
    }

    public void Dispose()
    {
        _padded?.Dispose();
        _valid?.Dispose();
        _mask.Dispose();
    }

    private Tensor Padded(Tensor rows) => _padded is null ? rows : rows.index_select(0, _padded);

    /// <summary>Rows to padded places and back; padding repeats a completion's last row.</summary>
    private static (long[] Padded, long[] Valid) Indices(IReadOnlyList<int> lengths, long longest)
    {
        var (padded, valid, start) = (new List<long>(), new List<long>(), 0L);
        for (var n = 0; n < lengths.Count; n++)
        {
            for (var t = 0L; t < longest; t++)
            {
                if (t < lengths[n]) valid.Add(n * longest + t);
                padded.Add(start + Math.Min(t, lengths[n] - 1));
            }
            start += lengths[n];
        }
        return ([.. padded], [.. valid]);
    }
}
