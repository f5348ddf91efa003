using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Encoding;

/// <summary>The only place that pads, masks and aligns. Returned batches own their tensors (they outlive the caller's dispose scope).</summary>
public static class Collator
{
    /// <summary>Pads prompts on the left.</summary>
    /// <param name="prompts">At least one; they stay the caller's.</param>
    /// <param name="padId">Id written into padding; masked, so any valid id will do.</param>
    /// <exception cref="ArgumentException">There are no prompts, or one has no tokens.</exception>
    public static PromptBatch Prompts(IReadOnlyList<EncodedPrompt> prompts, int padId = 0)
    {
        Guard.NotNull(prompts);
        if (prompts.Count == 0) throw new ArgumentException("Expected at least one prompt, got none.", nameof(prompts));
        if (prompts.FirstOrDefault(p => p.TokenIds.Count == 0) is { } empty)
            throw new ArgumentException($"Expected prompt tokens, got none for example '{empty.Example.Id}'.", nameof(prompts));
        var width = prompts.Max(p => p.TokenIds.Count);
        var ids = new long[prompts.Count * width];
        var mask = new bool[ids.Length];
        Array.Fill(ids, padId);
        for (var q = 0; q < prompts.Count; q++)
        {
            var tokens = prompts[q].TokenIds;
            var start = (q + 1) * width - tokens.Count;
            for (var i = 0; i < tokens.Count; i++) (ids[start + i], mask[start + i]) = (tokens[i], true);
        }
        var grids = prompts.SelectMany((p, q) => p.Grids.Select(g => (q, g))).ToArray();
        var pixels = prompts.Where(p => p.Pixels is not null).Select(p => p.Pixels!).ToArray();
        return new PromptBatch(prompts,
            Own(tensor(ids, [prompts.Count, width], device: CPU)),
            Own(tensor(mask, [prompts.Count, width], device: CPU)),
            pixels.Length == 0 ? null : Own(cat(pixels, 0)),
            Own(tensor(grids.SelectMany(x => new long[] { x.g.Frames, x.g.Height, x.g.Width }).ToArray(), [grids.Length, 3], device: CPU)),
            Own(tensor(grids.Select(x => (long)x.q).ToArray(), [grids.Length], device: CPU)));
    }

    /// <summary>Pads completions on the right.</summary>
    /// <param name="prompts">The prompts the rows point at; stay the caller's.</param>
    /// <param name="rows">Prompt index and token ids of each row; at least one row, at least one token each.</param>
    /// <param name="temperature">See <see cref="SequenceBatch.Temperature"/>.</param>
    /// <param name="withEntropy">See <see cref="SequenceBatch.WithEntropy"/>.</param>
    /// <exception cref="ArgumentException">No rows, an empty row, or a prompt index outside the batch.</exception>
    public static SequenceBatch Sequences(PromptBatch prompts, IReadOnlyList<(int PromptIndex, IReadOnlyList<int> TokenIds)> rows,
        double temperature = 1.0, bool withEntropy = false)
    {
        Guard.NotNull(prompts);
        Guard.NotNull(rows);
        Guard.Positive(temperature);
        if (rows.Count == 0) throw new ArgumentException("Expected at least one completion, got none.", nameof(rows));
        var width = rows.Max(r => r.TokenIds.Count);
        var ids = new long[rows.Count * width];
        var mask = new bool[ids.Length];
        for (var n = 0; n < rows.Count; n++)
        {
            var (prompt, tokens) = rows[n];
            if (tokens.Count == 0) throw new ArgumentException($"Expected tokens in completion {n}, got none.", nameof(rows));
            if (prompt < 0 || prompt >= prompts.Count)
                throw new ArgumentException($"Expected completion {n} to point at one of {prompts.Count} prompts, got index {prompt}.", nameof(rows));
            for (var t = 0; t < tokens.Count; t++) (ids[n * width + t], mask[n * width + t]) = (tokens[t], true);
        }
        return new SequenceBatch(prompts,
            Own(tensor(rows.Select(r => (long)r.PromptIndex).ToArray(), [rows.Count], device: CPU)),
            Own(tensor(ids, [rows.Count, width], device: CPU)),
            Own(tensor(mask, [rows.Count, width], device: CPU)))
        { Temperature = temperature, WithEntropy = withEntropy };
    }

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
}
