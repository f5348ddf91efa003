using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Vision;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>
/// Features of a batch's pictures. While nothing in the tower is trained they are kept with their prompt, so that rollouts, old and
/// reference scores and the update of a step share one pass through the tower.
/// </summary>
internal static class PictureFeatures
{
    /// <summary>Features of all pictures in order; belongs to the current dispose scope.</summary>
    public static VisionFeatures Of(IVisionTower tower, PromptBatch batch, Recomputation recomputation)
    {
        if (((nn.Module)tower).parameters().Any(p => p.requires_grad))
            return tower.Forward(batch.Pixels!, [.. batch.Prompts.SelectMany(p => p.Grids)], recomputation);
        var kept = batch.Prompts.Where(p => p.Grids.Count > 0).Select(p => p.Keep(tower, () => Compute(tower, p))).ToArray();
        return new VisionFeatures(
            cat([.. kept.Select(f => f.Tokens)], 0),
            [.. Enumerable.Range(0, kept[0].Deepstack.Count).Select(i => cat([.. kept.Select(f => f.Deepstack[i])], 0))]);
    }

    private static VisionFeatures Compute(IVisionTower tower, EncodedPrompt prompt)
    {
        using var noGrad = no_grad();
        using var plain = new Recomputation(active: false);
        var features = tower.Forward(prompt.Pixels!, prompt.Grids, plain);
        foreach (var tensor in features.Deepstack.Append(features.Tokens)) tensor.DetachFromDisposeScope();
        return features;
    }
}
