using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Decodes R = Q × copies rows with cached keys and values.</summary>
internal sealed class QwenVlDecodeSession : IDecodeSession
{
    private readonly QwenVlModule _module;
    private readonly int _limit;
    private DecodeCache? _cache;
    private Tensor _last, _promptMask, _next;
    private int _steps;

    public QwenVlDecodeSession(QwenVlModule module, PromptBatch prompts, int copies, int maxNewTokens)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        (_module, _limit) = (module, maxNewTokens);
        using var pass = PromptPass.Run(module, prompts);
        var index = ScalarOps.Range(prompts.Count, module.Device).repeat_interleave(copies);
        _cache = new DecodeCache(pass.Memory, index, maxNewTokens);
        _last = pass.Last.index_select(0, index).DetachFromDisposeScope();
        _promptMask = pass.Mask.index_select(0, index).DetachFromDisposeScope();
        _next = pass.Next.index_select(0, index).DetachFromDisposeScope();
    }

    public Tensor Next(Tensor? tokens)
    {
        ObjectDisposedException.ThrowIf(_cache is null, this);
        if (tokens is null != (_steps == 0))
            throw new InvalidOperationException(_steps == 0 ? "Expected null on the first call of a decode session." : "Expected the chosen tokens, got null.");
        if (_steps > _limit) throw new InvalidOperationException($"The session was opened for {_limit} new tokens.");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = tokens is null ? _last : Step(TensorGuard.Shape(tokens, ScalarType.Int64, [_last.shape[0]]));
        _steps++;
        return _module.Head(hidden).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public void Keep(ReadOnlySpan<int> rows)
    {
        ObjectDisposedException.ThrowIf(_cache is null, this);
        if (rows.Length == 0) throw new ArgumentException("Expected at least one row to keep.", nameof(rows));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var kept = new long[rows.Length];
        for (var i = 0; i < kept.Length; i++) kept[i] = rows[i];
        var index = tensor(kept).to(_module.Device);
        _cache.Keep(index);
        _last = Select(_last, index);
        _promptMask = Select(_promptMask, index);
        _next = Select(_next, index);
    }

    public void Dispose()
    {
        _cache?.Dispose();
        _cache = null;
        _last.Dispose();
        _promptMask.Dispose();
        _next.Dispose();
    }

    private Tensor Step(Tensor tokens)
    {
        var (cache, device) = (_cache!, _module.Device);
        var embedded = _module.Decoder.Embed(tokens.to(device).unsqueeze(1));
        var done = cache.Length - _promptMask.shape[1];
        var positions = _next.Plus(done).unsqueeze(1).expand(3, -1, -1);
        // Every row has decoded the same number of tokens: all columns after the prompt are visible.
        var mask = cat([_promptMask, ones([_promptMask.shape[0], done + 1], ScalarType.Bool, device)], 1).unsqueeze(1).unsqueeze(1);
        var hidden = _module.Decoder.Forward(embedded, positions, mask, cache);
        cache.Advance(1);
        return hidden.squeeze(1);
    }

    private static Tensor Select(Tensor from, Tensor index)
    {
        var kept = from.index_select(0, index).DetachFromDisposeScope();
        from.Dispose();
        return kept;
    }
}
