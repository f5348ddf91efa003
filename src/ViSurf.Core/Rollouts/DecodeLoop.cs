using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;
using DeviceType = TorchSharp.DeviceType;

namespace ViSurf.Core.Rollouts;

/// <summary>Decodes the rows of a request to their ends. Owns its session and tensors.</summary>
internal sealed class DecodeLoop(IPolicy policy, RolloutRequest request, TokenSelector selector, IReadOnlySet<int> stopIds, int stopCheck) : IDisposable
{
    private readonly List<PromptBatch> _entered = [];
    private IDecodeSession? _session;
    private List<TokenTape> _live = [];
    private Tensor? _tokens, _seen, _uniforms, _suppressed;
    private int? _interval;

    /// <summary>Runs until every tape has ended.</summary>
    /// <param name="waiting">The request's prompts.</param>
    /// <param name="tapes">One per row, prompt-major.</param>
    public void Run(WaitingPrompts waiting, List<TokenTape> tapes)
    {
        using var grad = no_grad();
        var entered = 0;
        while (true)
        {
            request.Cancellation.ThrowIfCancellationRequested();
            if (waiting.Take(_live.Select(tape => tape.PromptIndex).Distinct()) is { } prompts)
            {
                if (_session is null) _session = policy.Decode(prompts, request.GroupSize, request.MaxNewTokens);
                else _session.Admit(prompts);
                _entered.Add(prompts);
                var rows = prompts.Count * request.GroupSize;
                _live.AddRange(tapes.GetRange(entered, rows));
                entered += rows;
            }
            if (_live.Count == 0) return;
            Block();
        }
    }

    public void Dispose()
    {
        _session?.Dispose();
        _tokens?.Dispose();
        _seen?.Dispose();
        _uniforms?.Dispose();
        _suppressed?.Dispose();
    }

    /// <summary>Some tokens of every live row, then one look at them: finished rows leave.</summary>
    private void Block()
    {
        using var scope = NewDisposeScope();
        var (ids, logProbs) = (new List<Tensor>(), new List<Tensor>());
        // No row goes beyond its limit unread: a session has room for exactly that many tokens.
        var length = Math.Min(_interval ??= Interval(), request.MaxNewTokens - _live.Max(tape => tape.Length));
        for (var step = 0; step < length; step++)
        {
            request.Cancellation.ThrowIfCancellationRequested();
            var (id, logProb) = Step(step, length);
            ids.Add(id);
            logProbs.Add(logProb);
        }
        // Ids are exact in float64, so all comes over in one transfer.
        using var host = cat([stack(ids).to(ScalarType.Float64), stack(logProbs).to(ScalarType.Float64)], 0).cpu();
        Write(host.data<double>().ToArray(), length);
        Leave();
    }

    private (Tensor Ids, Tensor LogProbs) Step(int step, int length)
    {
        using var scope = NewDisposeScope();
        var logits = _session!.Next(_tokens);
        if (_tokens is null) Replace(ref _suppressed, selector.Suppressed(logits.device));
        if (step == 0) Replace(ref _uniforms, Uniforms(length).to(logits.device));
        var met = selector.NeedsSeen ? Meet(logits) : null;
        var (ids, logProbs) = selector.Select(logits, _uniforms![step], met, _suppressed);
        _entered.Clear();
        Replace(ref _tokens, ids.alias());
        if (met is not null) Replace(ref _seen, met);
        return (ids.MoveToOuterDisposeScope(), logProbs.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// What the tokens of a block are drawn with, float64 [length, R]: one transfer for all of them, because the host waits for each. A
    /// row's numbers depend on its address alone.
    /// </summary>
    private Tensor Uniforms(int length)
    {
        var numbers = Enumerable.Range(0, length).SelectMany(ahead
            => _live.Select(t => SeedStream.Uniform(request.Seed, request.Step, t.PromptKey, t.Copy, t.Length + ahead)));
        return tensor(numbers.ToArray(), [length, _live.Count], device: CPU);
    }

    /// <summary>The tokens each row has met: those that it had met and the one just chosen, or its prompt's when it has just entered.</summary>
    private Tensor Meet(Tensor logits)
    {
        var parts = new List<Tensor>();
        if (_seen is not null && _tokens is not null)
        {
            var column = _tokens.unsqueeze(1);
            parts.Add(_seen.scatter(1, column, ones_like(column, ScalarType.Bool)));
        }
        foreach (var prompts in _entered)
            parts.Add(TokenSelector.Seen(prompts.TokenIds.to(logits.device), prompts.Mask.to(logits.device), logits.shape[1]).repeat_interleave(request.GroupSize, 0));
        return cat(parts, 0);
    }

    private void Write(double[] values, int length)
    {
        for (var step = 0; step < length; step++)
            for (var row = 0; row < _live.Count; row++)
            {
                if (_live[row].Finished is not null) continue;
                var (id, logProb) = (values[step * _live.Count + row], values[(length + step) * _live.Count + row]);
                if (double.IsNaN(logProb))
                {
                    throw new DivergedException(
                        $"Expected a distribution over the next token of example '{_live[row].ExampleId}' at position {_live[row].Length}, "
                        + "got NaN logits. The weights have diverged, or the checkpoint does not fit the model. "
                        + "Go back to an earlier checkpoint, with a lower learning rate.");
                }
                _live[row].Append((int)id, (float)logProb, stopIds, request.MaxNewTokens);
            }
    }

    private void Leave()
    {
        var keep = Enumerable.Range(0, _live.Count).Where(row => _live[row].Finished is null).ToArray();
        if (keep.Length == _live.Count) return;
        _session!.Keep(keep);
        _live = [.. keep.Select(row => _live[row])];
        if (keep.Length == 0)
        {
            _tokens?.Dispose();
            _tokens = null;
            return;
        }
        using var scope = NewDisposeScope();
        var index = tensor(Array.ConvertAll(keep, row => (long)row), device: _tokens!.device);
        Replace(ref _tokens, _tokens.index_select(0, index));
        if (_seen is not null) Replace(ref _seen, _seen.index_select(0, index));
    }

    private int Interval()
        => stopCheck > 0 ? stopCheck : policy.Module.parameters().FirstOrDefault()?.device.type is null or DeviceType.CPU ? 1 : 8;

    private static void Replace(ref Tensor? field, Tensor? value)
    {
        field?.Dispose();
        field = value?.DetachFromDisposeScope();
    }
}
