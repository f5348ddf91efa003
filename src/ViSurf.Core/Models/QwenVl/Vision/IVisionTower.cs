using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>Patches of pictures to features for the decoder; each generation has its own. A module.</summary>
internal interface IVisionTower
{
    /// <summary>Features of all pictures, in order.</summary>
    /// <param name="pixels">[K, D] on any device, in any float dtype.</param>
    /// <param name="grids">One per picture; their patches sum to K.</param>
    /// <param name="recomputation">Runs the blocks; when active, it keeps only what goes from one to the next.</param>
    /// <returns>Owned by the caller.</returns>
    VisionFeatures Forward(Tensor pixels, IReadOnlyList<PatchGrid> grids, Recomputation recomputation);
}

/// <summary>What a tower hands to the decoder. Owns its tensors.</summary>
/// <param name="tokens">[K / merge², H]: replaces the embeddings of the image placeholders.</param>
/// <param name="deepstack">Each [K / merge², H]: the i-th is added to the hidden states at those places after decoder layer i.</param>
internal sealed class VisionFeatures(Tensor tokens, IReadOnlyList<Tensor> deepstack) : IDisposable
{
    public Tensor Tokens { get; } = tokens;

    public IReadOnlyList<Tensor> Deepstack { get; } = deepstack;

    /// <summary>Takes the tensors over from the scope that is about to end.</summary>
    public static VisionFeatures Of(Tensor tokens, params IReadOnlyList<Tensor> deepstack)
        => new(tokens.MoveToOuterDisposeScope(), [.. deepstack.Select(d => d.MoveToOuterDisposeScope())]);

    public void Dispose()
    {
        Tokens.Dispose();
        foreach (var features in Deepstack) features.Dispose();
    }
}
