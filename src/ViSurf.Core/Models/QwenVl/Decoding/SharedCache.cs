using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values of rows that share their prompts: one copy of each prompt, beside it what every row has written. Owns its tensors.
/// </summary>
internal sealed class SharedCache : IDisposable
{
    private readonly SuffixCache _suffix;
    private readonly bool _kernels;
    private PrefixCache? _prefix;
    private RowGrid? _grid;
    private RowMask? _mask;
    private int[] _prompts = [];

    /// <param name="text">The model.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    /// <param name="kernels">Whether our own attention may be taken where it can be.</param>
    public SharedCache(QwenTextConfig text, int limit, ScalarType type, Device device, bool kernels)
    {
        _suffix = new SuffixCache(text.Layers, (text.KeyValueHeads, text.HeadSize), limit, type, device);
        _kernels = kernels && HostDecodeAttention.Takes(_suffix.Stores(0).Keys, text);
    }

    /// <summary>Tokens that each row has written.</summary>
    public IReadOnlyList<int> Ages => _suffix.Ring.Ages;

    /// <summary>Adds the rows of prompts that have just been read.</summary>
    /// <param name="arrival">Its keys and values may be taken over.</param>
    public void Add(Arrival arrival)
    {
        var first = _prefix?.Lengths.Count ?? 0;
        _prompts = [.. _prompts, .. Enumerable.Range(0, arrival.Rows).Select(row => first + row / arrival.Copies)];
        _suffix.AddRows(arrival.Rows);
        if (_prefix is null) _prefix = arrival.TakePrefix();
        else _prefix.Append(arrival.Prefix);
        Lay();
    }

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    /// <param name="index">The same, int64 on the cache's device.</param>
    public void Keep(int[] rows, Tensor index)
    {
        _suffix.Keep(rows, index);
        var prompts = Array.ConvertAll(rows, row => _prompts[row]);
        var alive = prompts.Distinct().ToArray();
        if (alive.Length < _prefix!.Lengths.Count) _prefix.Keep(alive);
        _prompts = Array.ConvertAll(prompts, q => Array.IndexOf(alive, q));
        Lay();
    }

    /// <summary>Makes room for one more token of every row.</summary>
    /// <returns>Attention of that step.</returns>
    public IAttention BeginStep()
    {
        _suffix.BeginStep();
        _mask?.Show(_suffix.Ring.Column);
        return _kernels
            ? new HostDecodeAttention(_prefix!, _suffix, _prompts)
            : new DecodeAttention(_prefix!, _suffix, _grid!, _mask);
    }

    public void Dispose()
    {
        _suffix.Dispose();
        _prefix?.Dispose();
        _grid?.Dispose();
        _mask?.Dispose();
    }

    private void Lay()
    {
        _grid?.Dispose();
        _mask?.Dispose();
        (_grid, _mask) = (null, null);
        if (_prompts.Length == 0) return;
        if (_kernels) return;
        var device = _suffix.Stores(0).Keys.device;
        _grid = new RowGrid(_prompts, device);
        var lengths = Array.ConvertAll(_prompts, q => _prefix!.Lengths[q]);
        _mask = RowMask.Of(lengths, _prefix!.Lengths.Max(), _suffix.Ring, ScalarType.Float32, device);
    }
}
