using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>
/// Completions of one prompt attend to the prompt and to themselves, all in one product: by <see cref="LowerRight"/> where there is such a
/// thing, else with a mask. Owns its index tensors.
/// </summary>
internal sealed class CompletionAttention : IDisposable
{
    private readonly long _count, _longest;
    private readonly Tensor? _padded, _valid;
    private readonly Lazy<Tensor> _mask;
    private readonly LowerRight? _lowerRight;

    /// <param name="continuation">The rows.</param>
    /// <param name="type">Dtype of queries.</param>
    /// <param name="device">Where attention runs.</param>
    /// <param name="lowerRight">Attention without a mask; null for none.</param>
    public CompletionAttention(Continuation continuation, ScalarType type, Device device, LowerRight? lowerRight = null)
    {
        using var scope = NewDisposeScope();
        (_count, _longest, _lowerRight) = (continuation.Lengths.Count, continuation.Lengths.Max(), lowerRight);
        _mask = new Lazy<Tensor>(() => Mask(_longest, continuation.PromptRows, type, device), LazyThreadSafetyMode.None);
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
        if (_lowerRight?.Invoke(Rows(query), Joined(key), Joined(value)) is { } result)
            return Valid(result.transpose(1, 2).reshape(_count * _longest, heads * size));
        var repeats = heads / shared;
        // Key-value heads join the batch, as in a prompt's attention.
        var queries = Padded(query).view(_count, _longest, shared, repeats, size).permute(0, 2, 3, 1, 4).reshape(_count * shared, repeats, _longest, size);
        Tensor All((Tensor Prompt, Tensor Own) x)
        {
            var own = Padded(x.Own).view(_count, _longest, shared, size).transpose(1, 2);
            var prompt = x.Prompt.transpose(0, 1).expand(_count, -1, -1, -1);
            return cat([prompt, own], 2).view(_count * shared, 1, -1, size).expand(-1, repeats, -1, -1);
        }
        return Valid(nn.functional.scaled_dot_product_attention(queries, All(key), All(value), _mask.Value)
            .view(_count, shared, repeats, _longest, size).permute(0, 3, 1, 2, 4).reshape(_count * _longest, heads * size));

        // [completions, heads, tokens, d]: of a completion, and of it behind its prompt.
        Tensor Rows(Tensor own) => Padded(own).view(_count, _longest, -1, size).transpose(1, 2);
        Tensor Joined((Tensor Prompt, Tensor Own) x)
            => cat([x.Prompt.expand(_count, -1, -1, -1), Padded(x.Own).view(_count, _longest, shared, size)], 1).transpose(1, 2);
    }

    public void Dispose()
    {
        _padded?.Dispose();
        _valid?.Dispose();
        if (_mask.IsValueCreated) _mask.Value.Dispose();
    }

    /// <summary>[tokens, prompt and tokens]: −∞ where a token would see a later one.</summary>
    private static Tensor Mask(long tokens, long promptRows, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        // Whatever stands in padding comes after every valid token of its completion, so the causal mask alone hides it.
        var later = ones([tokens, tokens], ScalarType.Bool, device).triu(1);
        var hidden = cat([zeros([tokens, promptRows], ScalarType.Bool, device), later], 1);
        return zeros(hidden.shape, type, device).Replace(hidden, double.NegativeInfinity).DetachFromDisposeScope();
    }

    /// <summary>Rows of tokens, out of those with padding.</summary>
    private Tensor Valid(Tensor mixed) => _valid is null ? mixed : mixed.index_select(0, _valid);

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
