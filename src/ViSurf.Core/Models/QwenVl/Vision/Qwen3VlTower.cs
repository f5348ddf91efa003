using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;
using LayerNorm = ViSurf.Core.Models.Layers.LayerNorm;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>
/// Qwen3-VL: a learned position table besides the rotary one, LayerNorm, a two-layer MLP with tanh GELU, every block over the whole frame,
/// and features of some blocks in between for the decoder's first layers (deepstack).
/// </summary>
/// <remarks>Follows transformers' <c>Qwen3VLVisionModel</c>; deepstack is that of <see href="https://arxiv.org/abs/2406.04334"/>.</remarks>
internal sealed class Qwen3VlTower : nn.Module, IVisionTower
{
    private readonly QwenVisionConfig _config;
    private readonly PatchEmbedding _embedding;
    private readonly PositionTable _positions;
    private readonly BlockStack _blocks;
    private readonly Qwen3VlMerger _merger;
    private readonly Qwen3VlMerger[] _deepstack;

    public Qwen3VlTower(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(Qwen3VlTower))
    {
        LayerNorm Norm() => new(config.HiddenSize, VisionBlock.NormEpsilon, type, device);
        TwoLayerMlp Mlp() => new(("linear_fc1", "linear_fc2"), Gelu.Tanh, config.HiddenSize, config.IntermediateSize, type, device);
        _config = config;
        _blocks = new BlockStack([.. Enumerable.Range(0, config.Depth).Select(_ => new VisionBlock(config, Norm, Mlp(), type, device))]);
        _deepstack = [.. config.DeepstackBlocks.Select(_ => Qwen3VlMerger.Deepstack(config, type, device))];
        register_module("patch_embed", _embedding = new PatchEmbedding(config, bias: true, type, device));
        register_module("pos_embed", _positions = new PositionTable(config, type, device));
        register_module("blocks", _blocks.Modules);
        register_module("merger", _merger = Qwen3VlMerger.Last(config, type, device));
        register_module("deepstack_merger_list", new ModuleList<Qwen3VlMerger>(_deepstack));
    }

    public VisionFeatures Forward(Tensor pixels, IReadOnlyList<PatchGrid> grids, Recomputation recomputation)
    {
        using var scope = NewDisposeScope();
        var layout = VisionLayout.Of(grids, _config.SpatialMergeSize);
        var x = _embedding.Forward(pixels, layout);
        x = x.Plus(_positions.Forward(layout));
        var frames = recomputation.Keep(new Segments(layout.Frames, x.device));
        var between = new List<Tensor>();
        x = _blocks.Forward(x, layout.Angles(_config, x.device), _ => frames, recomputation, (i, h) =>
        {
            for (var k = 0; k < _deepstack.Length; k++)
                if (_config.DeepstackBlocks[k] == i) between.Add(_deepstack[k].Forward(h));
        });
        return VisionFeatures.Of(_merger.Forward(x), between);
    }
}
