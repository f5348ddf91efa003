using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>Decodes rows over shared prompts with cached keys and values; finished rows leave, waiting prompts enter.</summary>
internal sealed class QwenVlDecodeSession : IDecodeSession
{
    private readonly QwenVlModule _module;
    private readonly int _copies, _limit;
    private readonly List<Arrival> _arrivals = [];
    private readonly SuffixCache _suffix;
    private PrefixCache? _prefix;
    private RowGrid? _grid;
    private Tensor? _positions;
    private int[] _prompts = [];
    private bool _disposed;

    /// <param name="module">The model.</param>
    /// <param name="copies">Rows per prompt.</param>
    /// <param name="maxNewTokens">Most tokens of a row.</param>
    public QwenVlDecodeSession(QwenVlModule module, int copies, int maxNewTokens)
    {
        (_module, _copies, _limit) = (module, copies, maxNewTokens);
        var text = module.Config.Text;
        _suffix = new SuffixCache(text.Layers, (text.KeyValueHeads, text.HeadSize), maxNewTokens, module.Decoder.Embedding.dtype, module.Device);
    }

    public void Admit(PromptBatch prompts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var noGrad = no_grad();
        _arrivals.Add(Arrival.Of(_module, prompts, _copies));
    }

    public Tensor Next(Tensor? tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (tokens is null != (_prompts.Length == 0))
            throw new InvalidOperationException(tokens is null
                ? $"Expected the tokens chosen for {_prompts.Length} rows, got null."
                : "Expected null, because no row has been asked for a token yet, got tokens.");
        if (_suffix.Ages.Any(age => age >= _limit)) throw new InvalidOperationException($"The session was opened for {_limit} new tokens.");
        if (tokens is null && _arrivals.Count == 0) throw new InvalidOperationException("Expected rows to decode, got none. Admit prompts first.");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = new List<Tensor>();
        if (tokens is not null) hidden.Add(Step(TensorGuard.Shape(tokens, ScalarType.Int64, [_prompts.Length])));
        foreach (var arrival in _arrivals) hidden.Add(Join(arrival));
        _arrivals.Clear();
        return _module.Head(hidden.Count == 1 ? hidden[0] : cat(hidden, 0), decoding: true).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public void Keep(ReadOnlySpan<int> rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var kept = rows.ToArray();
        var index = tensor(Array.ConvertAll(kept, row => (long)row)).to(_module.Device);
        _suffix.Keep(kept, index);
        Replace(ref _positions, _positions!.index_select(0, index));
        var prompts = Array.ConvertAll(kept, row => _prompts[row]);
        var alive = prompts.Distinct().ToArray();
        if (alive.Length < _prefix!.Lengths.Count) _prefix.Keep(alive);
        _prompts = Array.ConvertAll(prompts, q => Array.IndexOf(alive, q));
        Regrid();
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var arrival in _arrivals) arrival.Dispose();
        _suffix.Dispose();
        _prefix?.Dispose();
        _grid?.Dispose();
        _positions?.Dispose();
    }

    private Tensor Step(Tensor tokens)
    {
        _suffix.BeginStep();
        var embedded = _module.Decoder.Embed(tokens.to(_module.Device));
        IAttention attention = HostDecodeAttention.Takes(embedded, _module.Config.Text)
            ? new HostDecodeAttention(_prefix!, _suffix, _prompts)
            : new DecodeAttention(_prefix!, _suffix, _grid!, Bias());
        using var plain = new Recomputation(active: false);
        var hidden = _module.Decoder.Forward(embedded, _positions!.unsqueeze(0).expand(3, -1), attention, null, plain);
        Replace(ref _positions, _positions!.Plus(1L));
        return hidden;
    }

    /// <summary>Adds the rows of prompts that have just been read and returns what predicts their first tokens.</summary>
    private Tensor Join(Arrival arrival)
    {
        using (arrival)
        {
            var first = _prefix?.Lengths.Count ?? 0;
            _prompts = [.. _prompts, .. Enumerable.Range(0, arrival.Prefix.Lengths.Count * _copies).Select(row => first + row / _copies)];
            _suffix.AddRows(arrival.Prefix.Lengths.Count * _copies);
            Replace(ref _positions, _positions is null ? arrival.Positions.alias() : cat([_positions, arrival.Positions], 0));
            if (_prefix is null) _prefix = arrival.TakePrefix();
            else _prefix.Append(arrival.Prefix);
            Regrid();
            return arrival.Last.alias();
        }
    }

    private void Regrid()
    {
        _grid?.Dispose();
        _grid = _prompts.Length == 0 ? null : new RowGrid(_prompts, _module.Device);
    }

    /// <summary>Hides the padding of shorter prompts, and columns that were written before a row entered.</summary>
    private Tensor? Bias()
    {
        var longest = _prefix!.Lengths.Max();
        var own = _suffix.Hidden();
        if (own is null && _prefix.Lengths.All(n => n == longest)) return null;
        var (used, width) = (_suffix.Used, longest + _suffix.Used);
        var bias = new float[_prompts.Length * width];
        for (var row = 0; row < _prompts.Length; row++)
        {
            for (var i = _prefix.Lengths[_prompts[row]]; i < longest; i++) bias[row * width + i] = float.NegativeInfinity;
            for (var i = 0; i < used && own is not null; i++)
                if (own[row * used + i]) bias[row * width + longest + i] = float.NegativeInfinity;
        }
        return tensor(bias, [_prompts.Length, 1, width]).to(_module.Device);
    }

    private static void Replace(ref Tensor? field, Tensor value)
    {
        field?.Dispose();
        field = value.DetachFromDisposeScope();
    }
}
