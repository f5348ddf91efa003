using TorchSharp.Modules;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Patches to features for the decoder: patch embedding, blocks with window or full attention, 2×2 merger.</summary>
/// <remarks>Follows transformers' <c>Qwen2_5_VisionTransformerPretrainedModel</c>.</remarks>
internal sealed class VisionTower : nn.Module
{
    private readonly QwenVisionConfig _config;
    private readonly PatchEmbedding _embedding;
    private readonly VisionBlock[] _blocks;
    private readonly Merger _merger;

    public VisionTower(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(VisionTower))
    {
        _config = config;
        _blocks = Enumerable.Range(0, config.Depth).Select(_ => new VisionBlock(config, type, device)).ToArray();
        register_module("patch_embed", _embedding = new PatchEmbedding(config, type, device));
        register_module("blocks", new ModuleList<VisionBlock>(_blocks));
        register_module("merger", _merger = new Merger(config, type, device));
    }

    /// <summary>Features of all pictures, in order.</summary>
    /// <param name="pixels">[K, D] on any device, in any float dtype.</param>
    /// <param name="grids">One per picture; their patches sum to K.</param>
    /// <returns>[K / merge², output size].</returns>
    public Tensor Forward(Tensor pixels, IReadOnlyList<PatchGrid> grids)
    {
        using var scope = NewDisposeScope();
        var weight = _embedding.Weight;
        var layout = VisionLayout.Of(grids, _config);
        if (pixels.shape[0] != layout.Rows.Length || pixels.shape[1] != _config.PatchWidth)
            throw new ArgumentException($"Expected pixel patches [{layout.Rows.Length}, {_config.PatchWidth}] for {grids.Count} pictures, got [{string.Join(", ", pixels.shape)}].", nameof(pixels));
        var unit = _config.SpatialMergeSize * _config.SpatialMergeSize;
        var order = tensor(layout.WindowOrder).to(weight.device);
        var (cos, sin) = RotaryTables(layout, order, unit, weight.device);
        using var windows = new Segments(layout.Windows, weight.device);
        using var frames = new Segments(layout.Frames, weight.device);

        var x = Reorder(_embedding.Forward(pixels.to(weight.dtype, weight.device)), order, unit);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var next = _blocks[i].Forward(x, cos, sin, _config.FullAttentionBlocks.Contains(i) ? frames : windows);
            x = next;
        }
        // The merger ran in window order; argsort of a permutation is its inverse.
        return _merger.Forward(x).index_select(0, order.argsort()).MoveToOuterDisposeScope();
    }

    private (Tensor Cos, Tensor Sin) RotaryTables(VisionLayout layout, Tensor order, int unit, Device device)
    {
        var headSize = _config.HiddenSize / _config.Heads;
        var frequencies = tensor(Rotary.InverseFrequencies(headSize / 2, 10000));
        var rows = outer(tensor(layout.Rows).to_type(ScalarType.Float32), frequencies);
        var columns = outer(tensor(layout.Columns).to_type(ScalarType.Float32), frequencies);
        var half = Reorder(cat([rows, columns], 1).to(device), order, unit);
        var angles = cat([half, half], 1).unsqueeze(1);
        return (angles.cos(), angles.sin());
    }

    private static Tensor Reorder(Tensor patches, Tensor order, int unit)
        => patches.view(-1, unit, patches.shape[1]).index_select(0, order).view(-1, patches.shape[1]);
}

/// <summary>A convolution whose kernel equals its stride: a linear map of the flattened patch.</summary>
internal sealed class PatchEmbedding : nn.Module
{
    private readonly WeightOnly _proj;

    public PatchEmbedding(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(PatchEmbedding))
    {
        register_module("proj", _proj = new WeightOnly([config.HiddenSize, config.Channels, config.TemporalPatchSize, config.PatchSize, config.PatchSize], type, device));
    }

    public Parameter Weight => _proj.weight;

    public Tensor Forward(Tensor pixels) => nn.functional.linear(pixels, Weight.view(Weight.shape[0], -1));
}

/// <summary>Norm, join merge² neighbours, two linear layers with an exact GELU between.</summary>
internal sealed class Merger : nn.Module
{
    private readonly RmsNorm _norm;
    private readonly Dense _first, _second;
    private readonly long _joined;

    public Merger(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(Merger))
    {
        _joined = (long)config.HiddenSize * config.SpatialMergeSize * config.SpatialMergeSize;
        _first = new Dense(_joined, _joined, bias: true, type, device);
        _second = new Dense(_joined, config.OutputSize, bias: true, type, device);
        register_module("ln_q", _norm = new RmsNorm(config.HiddenSize, 1e-6, type, device));
        register_module("mlp", new Pair(_first, _second));
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _second.forward(nn.functional.gelu(_first.forward(_norm.forward(x).view(-1, _joined)))).MoveToOuterDisposeScope();
    }

    private sealed class Pair : nn.Module
    {
        public Pair(Dense first, Dense second)
            : base(nameof(Pair))
        {
            register_module("0", first);
            register_module("2", second);
        }
    }
}
