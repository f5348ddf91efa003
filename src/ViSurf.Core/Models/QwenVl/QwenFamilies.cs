using System.Collections.Frozen;
using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Models.QwenVl.Vision;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>The supported families, side by side. docs/models.md says the same in words.</summary>
internal static class QwenFamilies
{
    private static readonly QwenTextConfig Qwen2Text = new()
    {
        VocabularySize = 151936, HiddenSize = 4096, IntermediateSize = 22016, Layers = 32, Heads = 32, KeyValueHeads = 32,
        NormEpsilon = 1e-6, RopeTheta = 1e4, RopeSection = [], MaxPositions = 32768,
    };

    private static readonly QwenFamily[] All =
    [
        new()
        {
            ModelType = "qwen2_vl",
            Tower = (config, type, device) => new Qwen2VlTower(config, type, device),
            Decoder = new((config, layer, type, device) => new Qwen2Attention(config, layer, type, device), RopeRows.Sectioned),
            Names = new("visual", "model"),
            Chat = QwenChat.Assistant,
            Options = new("quick_gelu"),
            AdjustVision = Qwen2Vision,
            Defaults = new() { ModelType = "qwen2_vl", Text = new(), Vision = new() { HiddenSize = 1280, IntermediateSize = 5120, FullAttentionBlocks = [] } },
        },
        new()
        {
            ModelType = "qwen2_5_vl",
            Tower = (config, type, device) => new Qwen25VlTower(config, type, device),
            Decoder = new((config, layer, type, device) => new Qwen2Attention(config, layer, type, device), RopeRows.Sectioned),
            Names = new("visual", "model"),
            Chat = QwenChat.Assistant,
            Options = new("silu"),
            Coordinates = CoordinateFrame.InputPixels,
            Defaults = new() { ModelType = "qwen2_5_vl", Text = new(), Vision = new() },
        },
        new()
        {
            ModelType = "qwen3_vl",
            Tower = (config, type, device) => new Qwen3VlTower(config, type, device),
            Decoder = new((config, layer, type, device) => new Qwen3Attention(config, layer, type, device), RopeRows.Interleaved),
            Names = new("model.visual", "model.language_model"),
            Chat = QwenChat.Plain,
            Options = new("gelu_pytorch_tanh", FixedHeadSize: 128, Interleaved: true, QueryBias: false),
            Defaults = new()
            {
                ModelType = "qwen3_vl",
                // 5e6 is transformers 4's default; version 5 has another one, but always writes the number.
                Text = Qwen2Text with { RopeTheta = 5e6, RopeSection = [24, 20, 20], MaxPositions = 128000 },
                Vision = new()
                {
                    Depth = 27, HiddenSize = 1152, IntermediateSize = 4304, PatchSize = 16,
                    PositionTableSide = 48, DeepstackBlocks = [8, 16, 24], FullAttentionBlocks = [],
                },
            },
        },
        new()
        {
            ModelType = "qwen2",
            Decoder = new((config, layer, type, device) => new Qwen2Attention(config, layer, type, device), RopeRows.Plain),
            Names = new(null, "model"),
            Chat = QwenChat.Assistant,
            Options = new(null),
            Defaults = new() { ModelType = "qwen2", Text = Qwen2Text, Vision = null },
        },
        new()
        {
            ModelType = "qwen3",
            Decoder = new((config, layer, type, device) => new Qwen3Attention(config, layer, type, device), RopeRows.Plain),
            Names = new(null, "model"),
            Chat = QwenChat.Thinking,
            Options = new(null, FixedHeadSize: 128, QueryBias: false),
            Defaults = new() { ModelType = "qwen3", Text = Qwen2Text, Vision = null },
        },
    ];

    private static readonly FrozenDictionary<string, QwenFamily> ByType = All.ToFrozenDictionary(f => f.ModelType);

    // hidden_size is the decoder's width here, embed_dim the tower's own.
    private static QwenVisionConfig Qwen2Vision(JsonSettings json, QwenVisionConfig config)
    {
        var (width, ratio) = (json.Int("embed_dim", 1280), json.Number("mlp_ratio", 4));
        if (width < 1) throw json.Wrong("embed_dim", "an integer above 0");
        return ratio is > 0 and <= 1024
            ? config with { HiddenSize = width, IntermediateSize = (int)(width * ratio), OutputSize = json.Int("hidden_size", 3584) }
            : throw json.Wrong("mlp_ratio", "a number above 0, up to 1024");
    }

    /// <summary>The values of <c>model_type</c> that can be loaded, for messages.</summary>
    public static string Supported => string.Join(", ", All.Select(f => f.ModelType));

    /// <summary>The family of a <c>model_type</c>; null when it is not supported.</summary>
    public static QwenFamily? Find(string modelType) => ByType.GetValueOrDefault(modelType);

    /// <summary>The family of a configuration.</summary>
    public static QwenFamily Of(QwenVlConfig config) => ByType[config.ModelType];
}
