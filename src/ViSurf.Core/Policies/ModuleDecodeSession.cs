using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>Decoding without a cache: keeps the ids and runs the module over all of them for every token.</summary>
internal sealed class ModuleDecodeSession : IDecodeSession
{
    private readonly PromptBatch _prompts;
    private readonly Func<SequenceInput, Tensor> _run;
    private Tensor _ids;
    private Tensor _mask;
    private Tensor _promptIndex;

    internal ModuleDecodeSession(PromptBatch prompts, int copies, Device device, Func<SequenceInput, Tensor> run)
    {
        (_prompts, _run) = (prompts, run);
        using var scope = NewDisposeScope();
        _promptIndex = ScalarOps.Range(prompts.Count, device).repeat_interleave(copies).DetachFromDisposeScope();
        _ids = prompts.TokenIds.to(device).index_select(0, _promptIndex).DetachFromDisposeScope();
        _mask = prompts.Mask.to(device).index_select(0, _promptIndex).DetachFromDisposeScope();
    }

    public Tensor Next(Tensor? tokens)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (tokens is not null)
        {
            TensorGuard.Shape(tokens, ScalarType.Int64, [_ids.shape[0]]);
            var column = tokens.to(_ids.device).unsqueeze(1);
            Replace(ref _ids, cat([_ids, column], 1));
            Replace(ref _mask, cat([_mask, ones_like(column, ScalarType.Bool)], 1));
        }
        // Prompts are padded on the left and all rows have the same number of new tokens: the last column is real in every row.
        var logits = _run(new SequenceInput(_ids, _mask, _prompts, _promptIndex));
        return logits.select(1, logits.shape[1] - 1).to(ScalarType.Float32, copy: true).MoveToOuterDisposeScope();
    }

    public void Keep(ReadOnlySpan<int> rows)
    {
        if (rows.Length == 0) throw new ArgumentException("Expected at least one row to keep, got none. Dispose the session instead.", nameof(rows));
        using var scope = NewDisposeScope();
        var keep = tensor(Array.ConvertAll(rows.ToArray(), row => (long)row), device: _ids.device);
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
