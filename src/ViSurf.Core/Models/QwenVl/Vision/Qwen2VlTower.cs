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
    private readonly VisionBlock[] _blocks;
    private readonly Merger _merger;

    public Qwen2VlTower(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(Qwen2VlTower))
    {
        LayerNorm Norm() => new(config.HiddenSize, VisionBlock.NormEpsilon, type, device);
        TwoLayerMlp Mlp() => new(("fc1", "fc2"), Gelu.Quick, config.HiddenSize, config.IntermediateSize, type, device);
        _config = config;
        _blocks = [.. Enumerable.Range(0, config.Depth).Select(_ => new VisionBlock(config, Norm, Mlp(), type, device))];
        register_module("patch_embed", _embedding = new PatchEmbedding(config, bias: false, type, device));
        register_module("blocks", new ModuleList<VisionBlock>(_blocks));
        register_module("merger", _merger = new Merger(config, Norm(), type, device));
    }

    public VisionFeatures Forward(Tensor pixels, IReadOnlyList<PatchGrid> grids, Recomputation recomputation)
    {
        using var scope = NewDisposeScope();
        var layout = VisionLayout.Of(grids, _config.SpatialMergeSize);
        var x = _embedding.Forward(pixels, layout);
        var angles = layout.Angles(_config, x.device).unsqueeze(1);
        var (cos, sin) = (recomputation.Keep(angles.cos()), recomputation.Keep(angles.sin()));
        var frames = recomputation.Keep(new Segments(layout.Frames, x.device));
        foreach (var block in _blocks)
        {
            using var input = x;   // see TextDecoder
            x = recomputation.Run(h => block.Forward(h, cos, sin, frames), x, block.FirstTrained);
        }
        return VisionFeatures.Of(_merger.Forward(x));
    }
}
