using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>Qwen2.5-VL: RMSNorm, SwiGLU, most blocks inside windows and a few over the whole frame.</summary>
/// <remarks>Follows transformers' <c>Qwen2_5_VisionTransformerPretrainedModel</c>.</remarks>
internal sealed class Qwen25VlTower : nn.Module, IVisionTower
{
    private readonly QwenVisionConfig _config;
    private readonly PatchEmbedding _embedding;
    private readonly BlockStack _blocks;
    private readonly Merger _merger;

    public Qwen25VlTower(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(Qwen25VlTower))
    {
        RmsNorm Norm() => new(config.HiddenSize, VisionBlock.NormEpsilon, type, device);
        SwiGlu Mlp() => new(config.HiddenSize, config.IntermediateSize, bias: true, type, device);
        _config = config;
        _blocks = new BlockStack([.. Enumerable.Range(0, config.Depth).Select(_ => new VisionBlock(config, Norm, Mlp(), type, device))]);
        register_module("patch_embed", _embedding = new PatchEmbedding(config, bias: false, type, device));
        register_module("blocks", _blocks.Modules);
        register_module("merger", _merger = new Merger(config, Norm(), type, device));
    }

    public VisionFeatures Forward(Tensor pixels, IReadOnlyList<PatchGrid> grids, Recomputation recomputation)
    {
        using var scope = NewDisposeScope();
        var layout = VisionLayout.Of(grids, _config.SpatialMergeSize);
        var x = _embedding.Forward(pixels, layout);

        // Windows lie side by side through all blocks; blocks over the whole frame do not mind the order.
        var inWindows = WindowLayout.Of(grids, _config);
        var (unit, order) = (_config.SpatialMergeSize * _config.SpatialMergeSize, tensor(inWindows.Order, device: x.device));
        Tensor Reorder(Tensor patches) => patches.view(-1, unit, patches.shape[1]).index_select(0, order).view(-1, patches.shape[1]);
        var windows = recomputation.Keep(new Segments(inWindows.Lengths, x.device));
        var frames = recomputation.Keep(new Segments(layout.Frames, x.device));

        x = _blocks.Forward(Reorder(x), Reorder(layout.Angles(_config, x.device)), i => _config.FullAttentionBlocks.Contains(i) ? frames : windows, recomputation);
        // The merger ran in window order; argsort of a permutation is its inverse.
        return VisionFeatures.Of(_merger.Forward(x).index_select(0, order.argsort()));
    }
}
