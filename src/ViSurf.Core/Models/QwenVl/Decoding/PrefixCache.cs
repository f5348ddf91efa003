using ViSurf.Core.Models.QwenVl.Groups;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values of the prompts that are being continued: one copy per prompt however many rows continue it, padded on the right
/// to the longest. Owns its tensors.
/// </summary>
internal sealed class PrefixCache : IDisposable
{
    private readonly List<Tensor> _keys = [], _values = [];
    private int[] _lengths;

    public PrefixCache(IReadOnlyList<RowSpan> prompts) => (_lengths, Spans) = ([.. prompts.Select(p => p.Length)], prompts);

    /// <summary>Tokens of each prompt.</summary>
    public IReadOnlyList<int> Lengths => _lengths;

    private IReadOnlyList<RowSpan> Spans { get; }

    /// <summary>Both [Q, key-value heads, longest prompt, d].</summary>
    public (Tensor Keys, Tensor Values) Layer(int layer) => (_keys[layer], _values[layer]);

    /// <summary>Takes the prompts' rows out of a packed pass; call it once per layer, in order.</summary>
    /// <param name="keys">[M, key-value heads, d].</param>
    /// <param name="values">[M, key-value heads, d].</param>
    public void Fill(Tensor keys, Tensor values)
    {
        _keys.Add(Padded(keys));
        _values.Add(Padded(values));
    }

    /// <summary>Appends another cache's prompts.</summary>
    /// <param name="other">Stays the caller's.</param>
    public void Append(PrefixCache other)
    {
        _lengths = [.. _lengths, .. other._lengths];
        Each((store, i, of) => Joined(store[i], of(other)[i]));
    }

    /// <summary>Keeps some prompts.</summary>
    /// <param name="prompts">Ascending indices.</param>
    public void Keep(int[] prompts)
    {
        _lengths = [.. prompts.Select(q => _lengths[q])];
        var longest = _lengths.DefaultIfEmpty(0).Max();
        using var scope = NewDisposeScope();
        var index = tensor(Array.ConvertAll(prompts, q => (long)q), device: _keys[0].device);
        Each((store, i, _) => store[i].narrow(2, 0, longest).index_select(0, index));
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor.Dispose();
    }

    private void Each(Func<List<Tensor>, int, Func<PrefixCache, List<Tensor>>, Tensor> make)
    {
        foreach (var of in new Func<PrefixCache, List<Tensor>>[] { c => c._keys, c => c._values })
        {
            var store = of(this);
            for (var i = 0; i < store.Count; i++)
            {
                using var scope = NewDisposeScope();
                var made = make(store, i, of).DetachFromDisposeScope();
                store[i].Dispose();
                store[i] = made;
            }
        }
    }

    private Tensor Padded(Tensor packed)
    {
        using var scope = NewDisposeScope();
        var longest = _lengths.Max();
        var room = zeros([Spans.Count, packed.shape[1], longest, packed.shape[2]], packed.dtype, packed.device);
        for (var q = 0; q < Spans.Count; q++)
            room[q].narrow(1, 0, Spans[q].Length).copy_(packed.narrow(0, Spans[q].Start, Spans[q].Length).transpose(0, 1));
        return room.DetachFromDisposeScope();
    }

    private static Tensor Joined(Tensor first, Tensor second)
    {
        var longest = Math.Max(first.shape[2], second.shape[2]);
        Tensor Wide(Tensor x) => x.shape[2] == longest
            ? x
            : cat([x, zeros([x.shape[0], x.shape[1], longest - x.shape[2], x.shape[3]], x.dtype, x.device)], 2);
        return cat([Wide(first), Wide(second)], 0);
    }
}
