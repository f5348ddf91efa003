using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;
using LayerNorm = ViSurf.Core.Models.Layers.LayerNorm;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>Qwen2-VL: LayerNorm, a two-layer MLP with quick GELU, every block over the whole frame.</summary>
/// <remarks>Follows transformers' <c>Qwen2VisionTransformerPretrainedModel</c>.</remarks>
internal sealed class Qwen2VlTower : nn.Module, IVisionTower
{
    private readonly QwenVisionConfig _config;
    private readonly PatchEmbedding _embedding;
    private readonly BlockStack _blocks;
    private readonly Merger _merger;

    public Qwen2VlTower(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(Qwen2VlTower))
    {
        LayerNorm Norm() => new(config.HiddenSize, VisionBlock.NormEpsilon, type, device);
        TwoLayerMlp Mlp() => new(("fc1", "fc2"), Gelu.Quick, config.HiddenSize, config.IntermediateSize, type, device);
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
        var frames = recomputation.Keep(new Segments(layout.Frames, x.device));
        return VisionFeatures.Of(_merger.Forward(_blocks.Forward(x, layout.Angles(_config, x.device), _ => frames, recomputation)));
    }
}
