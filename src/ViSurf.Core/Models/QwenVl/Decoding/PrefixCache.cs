using ViSurf.Core.Models.QwenVl.Groups;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values of the prompts that are being continued: one copy per prompt however many rows continue it, padded on the right
/// to the longest. Owns its tensors.
/// </summary>
internal sealed class PrefixCache : IDisposable
{
    private readonly List<(Tensor Keys, Tensor Values)> _layers = [];
    private readonly IReadOnlyList<RowSpan> _spans;
    private int[] _lengths;

    public PrefixCache(IReadOnlyList<RowSpan> prompts) => (_lengths, _spans) = ([.. prompts.Select(p => p.Length)], prompts);

    /// <summary>Tokens of each prompt.</summary>
    public IReadOnlyList<int> Lengths => _lengths;

    /// <summary>Both [key-value heads, Q, longest prompt, d].</summary>
    public (Tensor Keys, Tensor Values) Layer(int layer) => _layers[layer];

    /// <summary>Takes the prompts' rows out of a packed pass; call it once per layer, in order.</summary>
    /// <param name="keys">[M, key-value heads, d].</param>
    /// <param name="values">[M, key-value heads, d].</param>
    public void Fill(Tensor keys, Tensor values) => _layers.Add((Padded(keys), Padded(values)));

    /// <summary>Appends another cache's prompts.</summary>
    /// <param name="other">Stays the caller's.</param>
    public void Append(PrefixCache other)
    {
        _lengths = [.. _lengths, .. other._lengths];
        Each((i, mine) => (Joined(mine.Keys, other._layers[i].Keys), Joined(mine.Values, other._layers[i].Values)));
    }

    /// <summary>Keeps some prompts.</summary>
    /// <param name="prompts">Ascending indices.</param>
    public void Keep(int[] prompts)
    {
        _lengths = [.. prompts.Select(q => _lengths[q])];
        var longest = _lengths.DefaultIfEmpty(0).Max();
        using var scope = NewDisposeScope();
        var index = tensor(Array.ConvertAll(prompts, q => (long)q), device: _layers[0].Keys.device);
        Tensor Kept(Tensor store) => store.narrow(2, 0, longest).index_select(1, index);
        Each((_, mine) => (Kept(mine.Keys), Kept(mine.Values)));
    }

    public void Dispose()
    {
        foreach (var (keys, values) in _layers) Free(keys, values);
    }

    /// <summary>Replaces layer by layer, so that old and new are there together for one layer only.</summary>
    private void Each(Func<int, (Tensor Keys, Tensor Values), (Tensor Keys, Tensor Values)> make)
    {
        for (var i = 0; i < _layers.Count; i++)
        {
            using var scope = NewDisposeScope();
            var (old, made) = (_layers[i], make(i, _layers[i]));
            _layers[i] = (made.Keys.DetachFromDisposeScope(), made.Values.DetachFromDisposeScope());
            Free(old.Keys, old.Values);
        }
    }

    private static void Free(Tensor keys, Tensor values)
    {
        keys.Dispose();
        values.Dispose();
    }

    private Tensor Padded(Tensor packed)
    {
        using var scope = NewDisposeScope();
        var longest = _lengths.Max();
        var room = zeros([packed.shape[1], _spans.Count, longest, packed.shape[2]], packed.dtype, packed.device);
        for (var q = 0; q < _spans.Count; q++)
            room.select(1, q).narrow(1, 0, _spans[q].Length).copy_(packed.narrow(0, _spans[q].Start, _spans[q].Length).transpose(0, 1));
        return room.DetachFromDisposeScope();
    }

    private static Tensor Joined(Tensor first, Tensor second)
    {
        var longest = Math.Max(first.shape[2], second.shape[2]);
        Tensor Wide(Tensor x) => x.shape[2] == longest
            ? x
            : cat([x, zeros([x.shape[0], x.shape[1], longest - x.shape[2], x.shape[3]], x.dtype, x.device)], 2);
        return cat([Wide(first), Wide(second)], 1);
    }
}
