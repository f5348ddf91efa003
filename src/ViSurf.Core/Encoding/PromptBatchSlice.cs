using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Encoding;

/// <summary>Parts of a prompt batch.</summary>
public static class PromptBatchSlice
{
    /// <summary>Some neighbouring prompts of a batch, with their pictures; left padding that none of them needs is gone.</summary>
    /// <param name="batch">Must outlive the slice: tensors are views of its tensors.</param>
    /// <param name="start">First prompt.</param>
    /// <param name="count">Number of prompts, at least 1.</param>
    public static PromptBatch Slice(this PromptBatch batch, int start, int count)
    {
        Guard.NotNull(batch);
        Guard.InRange(start, 0, batch.Count - 1);
        Guard.InRange(count, 1, batch.Count - start);
        var prompts = batch.Prompts.Skip(start).Take(count).ToArray();
        var width = prompts.Max(p => p.TokenIds.Count);
        var left = batch.TokenIds.shape[1] - width;
        var (firstImage, images) = (batch.Prompts.Take(start).Sum(p => p.Grids.Count), prompts.Sum(p => p.Grids.Count));
        var (firstPatch, patches) = (Patches(batch.Prompts.Take(start)), Patches(prompts));
        using var scope = NewDisposeScope();
        return new PromptBatch(prompts,
            Own(batch.TokenIds.narrow(0, start, count).narrow(1, left, width)),
            Own(batch.Mask.narrow(0, start, count).narrow(1, left, width)),
            batch.Pixels is null || patches == 0 ? null : Own(batch.Pixels.narrow(0, firstPatch, patches)),
            Own(batch.ImageGrid.narrow(0, firstImage, images)),
            Own(batch.ImagePrompt.narrow(0, firstImage, images).Minus(start)));
    }

    private static long Patches(IEnumerable<EncodedPrompt> prompts) => prompts.Sum(p => p.Grids.Sum(g => (long)g.Patches));

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
}
