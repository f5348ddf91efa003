using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>
/// Attention within consecutive segments of different lengths. Segments of one length are attended to in one product, so there is
/// neither padding nor a mask. Owns its index tensors.
/// </summary>
internal sealed class Segments : IDisposable
{
    private readonly List<(Tensor Index, long Count, long Length)> _parts = [];
    private readonly Tensor? _restore;

    /// <param name="lengths">Patches per segment, in order.</param>
    /// <param name="device">Where attention runs.</param>
    public Segments(int[] lengths, Device device)
    {
        var starts = new long[lengths.Length];
        for (var i = 1; i < lengths.Length; i++) starts[i] = starts[i - 1] + lengths[i - 1];
        var gathered = new List<long>();
        foreach (var same in Enumerable.Range(0, lengths.Length).GroupBy(i => lengths[i]))
        {
            var index = same.SelectMany(i => Enumerable.Range(0, same.Key).Select(k => starts[i] + k)).ToArray();
            gathered.AddRange(index);
            _parts.Add((tensor(index, device: device).DetachFromDisposeScope(), same.Count(), same.Key));
        }
        if (_parts.Count < 2) return;
        var restore = new long[gathered.Count];
        for (var i = 0; i < restore.Length; i++) restore[gathered[i]] = i;
        _restore = tensor(restore, device: device).DetachFromDisposeScope();
    }

    /// <summary>Scaled dot-product attention inside each segment.</summary>
    /// <param name="query">[K, heads, d].</param>
    /// <param name="key">[K, heads, d].</param>
    /// <param name="value">[K, heads, d].</param>
    /// <returns>[K, heads · d].</returns>
    public Tensor Attend(Tensor query, Tensor key, Tensor value)
    {
        TensorGuard.Shape(key, query.dtype, query.shape);
        using var scope = NewDisposeScope();
        var (heads, size) = (query.shape[1], query.shape[2]);
        var results = _parts.Select(part =>
        {
            Tensor Split(Tensor x)
                => (_restore is null ? x : x.index_select(0, part.Index)).view(part.Count, part.Length, heads, size).transpose(1, 2);
            return nn.functional.scaled_dot_product_attention(Split(query), Split(key), Split(value))
                .transpose(1, 2).reshape(part.Count * part.Length, heads * size);
        }).ToArray();
        var joined = _restore is null ? results[0] : cat(results, 0).index_select(0, _restore);
        return joined.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _restore?.Dispose();
        foreach (var (index, _, _) in _parts) index.Dispose();
    }
}
