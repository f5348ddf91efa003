using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>
/// Whole sequences for a module: each row is its prompt (padded on the left) followed by its completion (padded on the right).
/// Valid only during the call it is passed to.
/// </summary>
/// <param name="TokenIds">int64 [N, S] on the policy's device.</param>
/// <param name="Mask">bool [N, S]; false where padded.</param>
/// <param name="Prompts">The prompts, with pixels and grids, on the CPU.</param>
/// <param name="PromptIndex">int64 [N] on the policy's device: the prompt of each row.</param>
public sealed record SequenceInput(Tensor TokenIds, Tensor Mask, PromptBatch Prompts, Tensor PromptIndex)
{
    /// <summary>Position of each token in its own sequence, int64 [N, S]: 0 at the first real token, and 0 in left padding.</summary>
    public Tensor Positions()
    {
        using var scope = NewDisposeScope();
        return Mask.to(ScalarType.Int64).cumsum(1).Minus(1).AtLeast(0).MoveToOuterDisposeScope();
    }
}
