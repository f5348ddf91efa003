using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Decodes rows with cached keys and values; finished rows leave, waiting prompts enter. Weights must not change while it is open.
/// </summary>
internal sealed class QwenVlDecodeSession : IDecodeSession
{
    private readonly QwenVlModule _module;
    private readonly int _copies, _limit;
    private readonly List<Arrival> _arrivals = [];
    private readonly IDecodeRows _rows;
    private bool _disposed;

    /// <param name="module">The model.</param>
    /// <param name="copies">Rows per prompt.</param>
    /// <param name="maxNewTokens">Most tokens of a row.</param>
    /// <param name="mostCopied">Bytes up to which the fused way copies prompts for their rows.</param>
    public QwenVlDecodeSession(QwenVlModule module, int copies, int maxNewTokens, long mostCopied = JoinedCache.MostCopied)
    {
        (_module, _copies, _limit) = (module, copies, maxNewTokens);
        _rows = module.IsFused && FusedRows.IsAvailable
            ? new FusedRows(module, maxNewTokens, mostCopied)
            : new PlainRows(module, maxNewTokens);
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
        var live = _rows.Ages.Count;
        if (tokens is null != (live == 0))
            throw new InvalidOperationException(tokens is null
                ? $"Expected the tokens chosen for {live} rows, got null."
                : "Expected null, because no row has been asked for a token yet, got tokens.");
        if (_rows.Ages.Any(age => age >= _limit)) throw new InvalidOperationException($"The session was opened for {_limit} new tokens.");
        if (tokens is null && _arrivals.Count == 0) throw new InvalidOperationException("Expected rows to decode, got none. Admit prompts first.");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = new List<Tensor>();
        if (tokens is not null) hidden.Add(_rows.Step(TensorGuard.Shape(tokens, ScalarType.Int64, [live]).to(_module.Device)));
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
        _rows.Keep(kept, tensor(Array.ConvertAll(kept, row => (long)row), device: CPU).to(_module.Device));
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var arrival in _arrivals) arrival.Dispose();
        _rows.Dispose();
    }

    /// <summary>Adds the rows of prompts that have just been read and returns what predicts their first tokens.</summary>
    private Tensor Join(Arrival arrival)
    {
        using (arrival)
        {
            _rows.Add(arrival);
            return arrival.Last.alias();
        }
    }
}
