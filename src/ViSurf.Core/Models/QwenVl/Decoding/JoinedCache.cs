using ViSurf.Core.Common.Aten;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values with a copy of its prompt for every row, the row's own tokens behind it: one call of fused attention sees all. Owns its
/// tensors.
/// </summary>
/// <remarks>
/// [R, columns, 2 · key-value heads, d], values before keys. The queries of a step lie behind its values and keys, where the next step's
/// will: so one write puts all three down, and attention finds the queries in place. A few columns beyond the last have room for them, and
/// the ring is longer by as many, because they spoil columns that turn up again only when it has gone round.
/// </remarks>
internal sealed class JoinedCache : IHeadCache
{
    /// <summary>
    /// Bytes of prompts that may be copied. By arithmetic, not measured: read at every token they cost 0.7 ms at 3 TB/s, beside 4.7 for the
    /// weights of a 7B model; sharing them costs a dozen launches a layer, some 2 ms.
    /// </summary>
    public const long MostCopied = 2L << 30;
    private static readonly AtenOperator Attention = new(
        "scaled_dot_product_attention",
        "",
        "_ZN2at4_ops28scaled_dot_product_attention4callERKNS_6TensorES4_S4_RKSt8optionalIS2_EdbS5_IdEb");
    private readonly Tensor[] _stores;
    private readonly RingColumns _ring;
    private readonly QwenTextConfig _text;
    private readonly int _overhang;
    private RowMask? _mask;
    private int[] _lengths = [];
    private int _longest;

    /// <param name="text">The model.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    public JoinedCache(QwenTextConfig text, int limit, ScalarType type, Device device)
    {
        (_text, _overhang) = (text, (text.Heads + 2 * text.KeyValueHeads - 1) / (2 * text.KeyValueHeads));
        _ring = new RingColumns(limit + _overhang);
        _stores = [.. Enumerable.Range(0, text.Layers).Select(_ => Room(0, 0, type, device).DetachFromDisposeScope())];
    }

    public IReadOnlyList<int> Ages => _ring.Ages;

    /// <summary>Bytes of prompts that are copied when each row has its own.</summary>
    public static long Copied(Arrival arrival, QwenTextConfig text)
        => (long)arrival.Rows * arrival.Prefix.Lengths.Max() * 2 * text.KeyValueSize * text.Layers * arrival.Last.ElementSize;

    public void Add(Arrival arrival)
    {
        var (before, longest) = (_lengths.Length, Math.Max(_longest, arrival.Prefix.Lengths.Max()));
        Each((layer, store) =>
        {
            var room = Room(before + arrival.Rows, longest, store.dtype, store.device);
            var (there, own) = (room.narrow(0, 0, before), store.shape[1] - _longest);
            there.narrow(1, 0, _longest).copy_(store.narrow(1, 0, _longest));
            there.narrow(1, longest, own).copy_(store.narrow(1, _longest, own));
            var (keys, values) = arrival.Prefix.Layer(layer);
            var entered = room.narrow(0, before, arrival.Rows)
                .view(keys.shape[1], arrival.Copies, room.shape[1], room.shape[2], room.shape[3]).narrow(2, 0, keys.shape[2]);
            entered.narrow(3, 0, _text.KeyValueHeads).copy_(values.permute(1, 2, 0, 3).unsqueeze(1));
            entered.narrow(3, _text.KeyValueHeads, _text.KeyValueHeads).copy_(keys.permute(1, 2, 0, 3).unsqueeze(1));
            return room;
        });
        _longest = longest;
        _lengths = [.. _lengths, .. arrival.Prefix.Lengths.SelectMany(n => Enumerable.Repeat(n, arrival.Copies))];
        _ring.Add(arrival.Rows);
        Mask();
    }

    public void Keep(int[] rows, Tensor index)
    {
        _lengths = Array.ConvertAll(rows, row => _lengths[row]);
        var longest = _lengths.DefaultIfEmpty(0).Max();
        Each((_, store) =>
        {
            var kept = store.index_select(0, index);
            return longest == _longest ? kept : cat([kept.narrow(1, 0, longest), kept.narrow(1, _longest, kept.shape[1] - _longest)], 1);
        });
        _longest = longest;
        _ring.Keep(rows);
        Mask();
    }

    public void BeginStep()
    {
        if (_ring.BeginStep() is > 0 and var more)
            Each((_, store) => cat([store, zeros([store.shape[0], more, store.shape[2], store.shape[3]], store.dtype, store.device)], 1));
        _mask?.Show(_ring.Column);
    }

    public Tensor Place(int layer)
    {
        using var heads = _stores[layer].view(_lengths.Length, -1, _text.HeadSize);
        return heads.narrow(1, (_longest + _ring.Column) * 2L * _text.KeyValueHeads, 2L * _text.KeyValueHeads + _text.Heads);
    }

    public Tensor Mix(int layer)
    {
        using var scope = NewDisposeScope();
        var (rows, shared) = (_lengths.Length, (long)_text.KeyValueHeads);
        var seen = _stores[layer].narrow(1, 0, _longest + _ring.Used).transpose(1, 2);
        var (values, keys) = (seen.narrow(1, 0, shared), seen.narrow(1, shared, shared));
        var queries = Place(layer).narrow(1, 2 * shared, _text.Heads);
        // Without a mask queries share keys and values in half precision, and what comes out lies head by head. Other kernels know no
        // sharing: there the queries that share are the rows of one head, in an order that has to be turned once more.
        var mixed = _mask is null && values.ElementSize == 2 && Attention.IsAvailable
            ? Attention.Call(AtenArgument.Of(queries.unsqueeze(2)), AtenArgument.Of(keys), AtenArgument.Of(values), AtenArgument.None,
                AtenArgument.Of(0.0), AtenArgument.Of(false), AtenArgument.None, AtenArgument.Of(true))
            : nn.functional.scaled_dot_product_attention(
                queries.view(rows, shared, -1, _text.HeadSize), keys, values, _mask?.Of(_ring.Used));
        return mixed.reshape(rows, _text.QuerySize).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var store in _stores) store.Dispose();
        _mask?.Dispose();
    }

    /// <summary>Zeros: what no row has written is seen with weight 0, which a number that is none would not survive.</summary>
    private Tensor Room(int rows, int longest, ScalarType type, Device device)
        => zeros([rows, longest + _ring.Capacity + _overhang, 2 * _text.KeyValueHeads, _text.HeadSize], type, device);

    private void Mask()
    {
        _mask?.Dispose();
        _mask = _lengths.Length == 0 ? null : RowMask.Of(_lengths, _longest, _ring, _stores[0].dtype, _stores[0].device);
    }

    /// <summary>Replaces layer by layer, so that old and new are there together for one layer only.</summary>
    private void Each(Func<int, Tensor, Tensor> make)
    {
        for (var i = 0; i < _stores.Length; i++)
        {
            using var scope = NewDisposeScope();
            var made = make(i, _stores[i]).DetachFromDisposeScope();
            _stores[i].Dispose();
            _stores[i] = made;
        }
    }
}
