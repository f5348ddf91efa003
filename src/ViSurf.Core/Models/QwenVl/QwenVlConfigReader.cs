using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Reads <c>config.json</c> in both generations: flat (hub files, text fields at the root, <c>rope_scaling</c>) and nested
/// (<c>text_config</c>, <c>rope_parameters</c>).
/// </summary>
public static class QwenVlConfigReader
{
    /// <summary>Reads a checkpoint directory's configuration.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">It has no config.json.</exception>
    /// <exception cref="InvalidDataException">The file is not JSON, is of another architecture, or its numbers do not fit together.</exception>
    public static QwenVlConfig Read(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw new DirectoryNotFoundException($"Expected a checkpoint directory at '{directory}', found none.");
        var path = Path.Combine(directory, "config.json");
        if (!File.Exists(path)) throw new FileNotFoundException($"Expected config.json in the checkpoint directory '{directory}', found none.", path);
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return Check(Read(json.RootElement), path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"Expected the configuration of a Qwen2.5-VL checkpoint in '{path}': {e.Message}", e);
        }
    }

    private static QwenVlConfig Read(JsonElement root)
    {
        var text = root.TryGetProperty("text_config", out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : root;
        var vision = root.TryGetProperty("vision_config", out var tower) ? tower : default;
        var defaults = new QwenVlConfig { Text = new(), Vision = new() };
        return new QwenVlConfig
        {
            ModelType = root.TryGetProperty("model_type", out var type) ? type.GetString() ?? "" : "",
            Text = ReadText(text),
            Vision = ReadVision(vision),
            // transformers reads the flag at the root; a nested file may state it in text_config alone.
            TiedHead = Bool(root, "tie_word_embeddings") ?? Bool(text, "tie_word_embeddings") ?? defaults.TiedHead,
            InitializerRange = Number(root, "initializer_range", Number(text, "initializer_range", defaults.InitializerRange)),
            ImageTokenId = Int(root, "image_token_id", defaults.ImageTokenId),
            VideoTokenId = Int(root, "video_token_id", defaults.VideoTokenId),
            VisionStartTokenId = Int(root, "vision_start_token_id", defaults.VisionStartTokenId),
            VisionEndTokenId = Int(root, "vision_end_token_id", defaults.VisionEndTokenId),
        };
    }

    private static QwenTextConfig ReadText(JsonElement json)
    {
        var d = new QwenTextConfig();
        var rope = Object(json, "rope_parameters") ?? Object(json, "rope_scaling") ?? default;
        var hidden = Int(json, "hidden_size", d.HiddenSize);
        var heads = Int(json, "num_attention_heads", d.Heads);
        if (Bool(json, "use_sliding_window") == true)
            throw new FormatException("use_sliding_window is true; only full attention is supported, as in all published Qwen2.5-VL checkpoints.");
        if ((Text(rope, "rope_type") ?? Text(rope, "type")) is { } kind && kind is not ("default" or "mrope"))
            throw new FormatException($"rope type is '{kind}'; 'default' and 'mrope' are supported.");
        if (Text(json, "hidden_act") is { } act && act != "silu") throw new FormatException($"hidden_act is '{act}', expected 'silu'.");
        return new QwenTextConfig
        {
            VocabularySize = Int(json, "vocab_size", d.VocabularySize),
            HiddenSize = hidden,
            IntermediateSize = Int(json, "intermediate_size", d.IntermediateSize),
            Layers = Int(json, "num_hidden_layers", d.Layers),
            Heads = heads,
            KeyValueHeads = Int(json, "num_key_value_heads", d.KeyValueHeads),
            HeadSize = Int(json, "head_dim", heads > 0 ? hidden / heads : 0),
            NormEpsilon = Number(json, "rms_norm_eps", d.NormEpsilon),
            RopeTheta = Number(rope, "rope_theta", Number(json, "rope_theta", d.RopeTheta)),
            RopeSection = Ints(rope, "mrope_section", d.RopeSection),
            MaxPositions = Int(json, "max_position_embeddings", d.MaxPositions),
        };
    }

    private static QwenVisionConfig ReadVision(JsonElement json)
    {
        var d = new QwenVisionConfig();
        if (Text(json, "hidden_act") is { } act && act != "silu") throw new FormatException($"vision hidden_act is '{act}', expected 'silu'.");
        return new QwenVisionConfig
        {
            Depth = Int(json, "depth", d.Depth),
            HiddenSize = Int(json, "hidden_size", d.HiddenSize),
            IntermediateSize = Int(json, "intermediate_size", d.IntermediateSize),
            Heads = Int(json, "num_heads", d.Heads),
            Channels = Int(json, "in_channels", Int(json, "in_chans", d.Channels)),
            PatchSize = Int(json, "patch_size", d.PatchSize),
            TemporalPatchSize = Int(json, "temporal_patch_size", d.TemporalPatchSize),
            SpatialMergeSize = Int(json, "spatial_merge_size", d.SpatialMergeSize),
            WindowSize = Int(json, "window_size", d.WindowSize),
            OutputSize = Int(json, "out_hidden_size", d.OutputSize),
            FullAttentionBlocks = Ints(json, "fullatt_block_indexes", d.FullAttentionBlocks),
            TokensPerSecond = Number(json, "tokens_per_second", d.TokensPerSecond),
        };
    }

    private static QwenVlConfig Check(QwenVlConfig config, string path)
    {
        var (t, v) = (config.Text, config.Vision);
        string? problem =
            config.ModelType != "qwen2_5_vl" ? $"model_type is '{config.ModelType}', expected 'qwen2_5_vl'"
            : t.Heads < 1 || t.KeyValueHeads < 1 || t.Heads % t.KeyValueHeads != 0 ? $"num_attention_heads ({t.Heads}) must be a multiple of num_key_value_heads ({t.KeyValueHeads})"
            : t.RopeSection.Count != 3 || t.RopeSection.Sum() * 2 != t.HeadSize ? $"mrope_section [{string.Join(", ", t.RopeSection)}] must be three numbers that sum to half of head_dim ({t.HeadSize})"
            : v.Heads < 1 || v.HiddenSize % (4 * v.Heads) != 0 ? $"vision hidden_size ({v.HiddenSize}) must be a multiple of 4 × num_heads ({v.Heads})"
            : v.OutputSize != t.HiddenSize ? $"vision out_hidden_size ({v.OutputSize}) must equal the text hidden_size ({t.HiddenSize})"
            : v.PatchSize < 1 || v.SpatialMergeSize < 1 || v.WindowSize < v.PatchSize * v.SpatialMergeSize ? $"window_size ({v.WindowSize}) must hold at least one merged patch ({v.PatchSize} × {v.SpatialMergeSize})"
            : null;
        return problem is null ? config : throw new InvalidDataException($"'{path}': {problem}.");
    }

    private static JsonElement? Object(JsonElement json, string key) => Find(json, key) is { ValueKind: JsonValueKind.Object } found ? found : null;

    private static string? Text(JsonElement json, string key) => Find(json, key) is { ValueKind: JsonValueKind.String } found ? found.GetString() : null;

    private static bool? Bool(JsonElement json, string key) => Find(json, key)?.GetBoolean();

    private static int Int(JsonElement json, string key, int otherwise) => Find(json, key)?.GetInt32() ?? otherwise;

    private static double Number(JsonElement json, string key, double otherwise) => Find(json, key)?.GetDouble() ?? otherwise;

    private static IReadOnlyList<int> Ints(JsonElement json, string key, IReadOnlyList<int> otherwise)
        => Find(json, key)?.EnumerateArray().Select(n => n.GetInt32()).ToArray() ?? otherwise;

    private static JsonElement? Find(JsonElement json, string key)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;
}
