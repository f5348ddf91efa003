using ViSurf.Core.Common;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// What a configuration may not say: options that are not supported, numbers that do not fit together. That each number is in bounds
/// is <see cref="ConfigLimits"/>' business.
/// </summary>
internal static class ConfigCheck
{
    private const int MostTableSide = 1 << 12;

    /// <exception cref="FormatException">An option has a value that the family's code does not implement.</exception>
    public static void Options(JsonSettings root, JsonSettings text, JsonSettings vision, QwenFamily family)
    {
        var rope = QwenVlConfigReader.Rope(text);
        string? problem =
            root.Object("quantization_config") is { } quantised
                ? $"quantization_config is present (quant_method '{quantised.Text("quant_method") ?? "?"}'); weights in float32, "
                    + $"bfloat16 or float16 are supported: fetch the checkpoint that was quantised"
            : text.Bool("use_sliding_window") == true ? "use_sliding_window is true; full attention is supported"
            : text.Texts("layer_types")?.FirstOrDefault(l => l != "full_attention") is { } layer
                ? $"layer_types has '{layer}'; 'full_attention' is supported"
            : text.Int("num_experts", 0) > 0 ? $"num_experts is {text.Int("num_experts", 0)}; dense models are supported"
            : (rope.Text("rope_type") ?? rope.Text("type")) is { } kind and not ("default" or "mrope")
                ? $"rope_type is '{kind}'; 'default' and 'mrope' are supported"
            : rope.Bool("mrope_interleaved") is { } interleaved && interleaved != family.Options.Interleaved ? $"mrope_interleaved is {Say(interleaved)}; in {family.ModelType} {Say(family.Options.Interleaved)} is supported"
            : family.Options.QueryBias is { } bias && text.Bool("attention_bias") is { } stated && stated != bias ? $"attention_bias is {Say(stated)}; in {family.ModelType} {Say(bias)} is supported"
            : text.Text("hidden_act") is { } act and not "silu" ? $"hidden_act is '{act}'; 'silu' is supported"
            : vision.Text("hidden_act") is { } seen && family.Options.VisionActivation is { } expected && seen != expected ? $"vision hidden_act is '{seen}'; in {family.ModelType} '{expected}' is supported"
            : null;
        if (problem is not null) throw new FormatException(problem + ".");
    }

    /// <returns>The same configuration.</returns>
    /// <exception cref="FormatException">Numbers contradict each other.</exception>
    public static QwenVlConfig Numbers(QwenVlConfig config)
    {
        // A family with pictures tells three axes apart.
        var problem = Text(config.Text, QwenFamilies.Of(config).Defaults.Text.RopeSection.Count)
            ?? (config.Vision is { } vision ? Vision(vision, config.Text) : null);
        return problem is null ? config : throw new FormatException(problem + ".");
    }

    private static string? Text(QwenTextConfig t, int sections)
        => t.Heads % t.KeyValueHeads != 0 ? $"num_attention_heads ({t.Heads}) must be a multiple of num_key_value_heads ({t.KeyValueHeads})"
                : t.HeadSize % 2 != 0 ? $"head_dim ({t.HeadSize}) must be even"
                : sections != 0 && (t.RopeSection.Count != sections || t.RopeSection.Any(n => n < 0)
                    || t.RopeSection.Sum(n => (long)n) * 2 != t.HeadSize)
                    ? $"mrope_section [{string.Join(", ", t.RopeSection)}] must be three numbers that sum to half of head_dim ({t.HeadSize})"
                : null;

    private static string? Vision(QwenVisionConfig v, QwenTextConfig t)
        => v.HiddenSize % (4 * v.Heads) != 0 ? $"vision hidden_size ({v.HiddenSize}) must be a multiple of 4 × num_heads ({v.Heads})"
                : v.OutputSize != t.HiddenSize ? $"vision out_hidden_size ({v.OutputSize}) must equal the text hidden_size ({t.HiddenSize})"
                : v.WindowSize < v.PatchSize * v.SpatialMergeSize ? $"window_size ({v.WindowSize}) must hold at least one merged patch ({v.PatchSize} × {v.SpatialMergeSize})"
                : v.FullAttentionBlocks.Any(b => b < 0 || b >= v.Depth)
                    ? $"fullatt_block_indexes [{string.Join(", ", v.FullAttentionBlocks)}] must be below the depth ({v.Depth})"
                : v.PositionTableSide is < 0 or > MostTableSide ? $"num_position_embeddings ({(long)v.PositionTableSide * v.PositionTableSide}) is out of range"
                : v.DeepstackBlocks.Count > t.Layers ? $"deepstack_visual_indexes has {v.DeepstackBlocks.Count} blocks for a decoder of {t.Layers} layers"
                : v.DeepstackBlocks.Any(b => b < 0 || b >= v.Depth)
                    ? $"deepstack_visual_indexes [{string.Join(", ", v.DeepstackBlocks)}] must be below the depth ({v.Depth})"
                : null;

    private static string Say(bool value) => value ? "true" : "false";
}
