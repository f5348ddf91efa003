using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>A tower's blocks, one after the other.</summary>
internal sealed class BlockStack(VisionBlock[] blocks)
{
    /// <summary>For the tower to register: checkpoints name the blocks.</summary>
    public ModuleList<VisionBlock> Modules { get; } = new(blocks);

    /// <summary>Runs all blocks.</summary>
    /// <param name="x">[K, width].</param>
    /// <param name="angles">float32 [K, d/2].</param>
    /// <param name="segments">What a block attends within, by its index.</param>
    /// <param name="recomputation">Runs the blocks.</param>
    /// <param name="after">Sees what each block returns.</param>
    /// <returns>[K, width].</returns>
    public Tensor Forward(Tensor x, Tensor angles, Func<int, Segments> segments, Recomputation recomputation, Action<int, Tensor>? after = null)
    {
        var turns = recomputation.Keep(RotaryTables.Of(angles));
        for (var i = 0; i < blocks.Length; i++)
        {
            using var input = x;   // see TextDecoder
            var (block, within) = (blocks[i], segments(i));
            x = recomputation.Run(h => block.Forward(h, turns, within), x, block.FirstTrained);
            after?.Invoke(i, x);
        }
        return x;
    }
}
