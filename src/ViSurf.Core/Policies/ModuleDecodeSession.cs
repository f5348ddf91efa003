using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>
/// Decoding without a cache: keeps the ids and runs the module over all of them for every token. Prompts that enter together stay
/// together, because their rows have the same number of new tokens.
/// </summary>
internal sealed class ModuleDecodeSession(int copies, Device device, Func<SequenceInput, Tensor> run) : IDecodeSession
{
    private readonly List<Part> _parts = [];
    private bool _disposed;

    public void Admit(PromptBatch prompts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _parts.Add(new Part(prompts, copies, device, run));
    }

    public Tensor Next(Tensor? tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var expected = _parts.Where(p => p.Started).Sum(p => p.Rows);
        if (tokens is not null) TensorGuard.Shape(tokens, ScalarType.Int64, [expected]);
        else if (expected > 0) throw new ArgumentNullException(nameof(tokens), $"Expected the tokens chosen for {expected} rows, got null.");
        if (_parts.Count == 0) throw new InvalidOperationException("Expected rows to decode, got none. Admit prompts first.");
        var (logits, row) = (new List<Tensor>(), 0L);
        foreach (var part in _parts)
        {
            var own = part.Started ? tokens!.narrow(0, row, part.Rows) : null;
            if (own is not null) row += part.Rows;
            logits.Add(part.Next(own));
        }
        return cat(logits, 0).MoveToOuterDisposeScope();
    }

    public void Keep(ReadOnlySpan<int> rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var (kept, first) = (rows.ToArray(), 0);
        foreach (var part in _parts.Where(p => p.Started).ToArray())
        {
            var count = (int)part.Rows;
            var own = kept.Where(row => row >= first && row < first + count).Select(row => (long)row - first).ToArray();
            first += count;
            if (own.Length == count) continue;
            if (own.Length > 0)
            {
                part.Keep(own);
                continue;
            }
            _parts.Remove(part);
            part.Dispose();
        }
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var part in _parts) part.Dispose();
        _parts.Clear();
    }

    /// <summary>Rows that entered together.</summary>
    private sealed class Part : IDisposable
    {
        private readonly PromptBatch _prompts;
        private readonly Func<SequenceInput, Tensor> _run;
        private Tensor _ids, _mask, _promptIndex;

        public Part(PromptBatch prompts, int copies, Device device, Func<SequenceInput, Tensor> run)
        {
            (_prompts, _run) = (prompts, run);
            using var scope = NewDisposeScope();
            _promptIndex = ScalarOps.Range(prompts.Count, device).repeat_interleave(copies).DetachFromDisposeScope();
            _ids = prompts.TokenIds.to(device).index_select(0, _promptIndex).DetachFromDisposeScope();
            _mask = prompts.Mask.to(device).index_select(0, _promptIndex).DetachFromDisposeScope();
        }

        public long Rows => _ids.shape[0];

        /// <summary>Whether its rows have been asked for a token.</summary>
        public bool Started { get; private set; }

        public Tensor Next(Tensor? tokens)
        {
            Started = true;
            if (tokens is not null)
            {
                var column = tokens.to(_ids.device).unsqueeze(1);
                Replace(ref _ids, cat([_ids, column], 1));
                Replace(ref _mask, cat([_mask, ones_like(column, ScalarType.Bool)], 1));
            }
            // Prompts are padded on the left and all rows have the same number of new tokens: the last column is real in every row.
            var logits = _run(new SequenceInput(_ids, _mask, _prompts, _promptIndex));
            return logits.select(1, logits.shape[1] - 1).to(ScalarType.Float32, copy: true);
        }

        public void Keep(long[] rows)
        {
            using var scope = NewDisposeScope();
            var keep = tensor(rows, device: _ids.device);
            Replace(ref _ids, _ids.index_select(0, keep));
            Replace(ref _mask, _mask.index_select(0, keep));
            Replace(ref _promptIndex, _promptIndex.index_select(0, keep));
        }

        public void Dispose()
        {
            _ids.Dispose();
            _mask.Dispose();
            _promptIndex.Dispose();
        }

        private static void Replace(ref Tensor field, Tensor value)
        {
            field.Dispose();
            field = value.DetachFromDisposeScope();
        }
    }
}
