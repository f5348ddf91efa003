using System.Text.Json.Nodes;

namespace TinyBase.Checkpoint;

/// <summary>Writes everything of a checkpoint directory but the weights, in the layout of the published Qwen2.5-VL.</summary>
internal static class CheckpointFiles
{
    public static void Write(string folder, TinyConfig config, BytePairVocabulary vocabulary)
    {
        Directory.CreateDirectory(folder);
        TokenizerFiles.Write(folder, vocabulary);
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), ChatTemplate.Text);
        JsonFile.Write(folder, "config.json", Config(config, vocabulary));
        JsonFile.Write(folder, "generation_config.json", Generation(vocabulary));
        JsonFile.Write(folder, "preprocessor_config.json", Preprocessor(config));
    }

    /// <summary>Rows of the embedding: learned and added tokens, rounded up to a multiple of 64 as the published ones are.</summary>
    public static int EmbeddingRows(BytePairVocabulary vocabulary) => (vocabulary.Tokens.Count + SpecialTokens.All.Count + 63) / 64 * 64;

    private static int Id(BytePairVocabulary vocabulary, string token) => vocabulary.Tokens.Count + SpecialTokens.All.ToList().IndexOf(token);

    private static JsonObject Config(TinyConfig c, BytePairVocabulary vocabulary) => new()
    {
        ["architectures"] = Array("Qwen2_5_VLForConditionalGeneration"),
        ["attention_dropout"] = 0.0,
        ["bos_token_id"] = Id(vocabulary, SpecialTokens.EndOfText),
        ["eos_token_id"] = Id(vocabulary, SpecialTokens.TurnEnd),
        ["hidden_act"] = "silu",
        ["hidden_size"] = c.Hidden,
        ["image_token_id"] = Id(vocabulary, SpecialTokens.ImagePad),
        ["initializer_range"] = c.InitializerRange,
        ["intermediate_size"] = c.Intermediate,
        ["max_position_embeddings"] = c.MaxPositions,
        ["max_window_layers"] = c.Layers,
        ["model_type"] = "qwen2_5_vl",
        ["num_attention_heads"] = c.Heads,
        ["num_hidden_layers"] = c.Layers,
        ["num_key_value_heads"] = c.KeyValueHeads,
        ["rms_norm_eps"] = 1e-6,
        ["rope_scaling"] = new JsonObject { ["type"] = "mrope", ["mrope_section"] = Array([.. c.RopeSections]) },
        ["rope_theta"] = c.RopeTheta,
        ["sliding_window"] = c.MaxPositions,
        ["tie_word_embeddings"] = c.TiedHead,
        ["torch_dtype"] = c.WeightType,
        ["transformers_version"] = "4.49.0",
        ["use_cache"] = true,
        ["use_sliding_window"] = false,
        ["video_token_id"] = Id(vocabulary, SpecialTokens.VideoPad),
        ["vision_config"] = Vision(c),
        ["vision_end_token_id"] = Id(vocabulary, SpecialTokens.VisionEnd),
        ["vision_start_token_id"] = Id(vocabulary, SpecialTokens.VisionStart),
        ["vocab_size"] = EmbeddingRows(vocabulary),
    };

    private static JsonObject Vision(TinyConfig c) => new()
    {
        ["depth"] = c.VisionDepth,
        ["fullatt_block_indexes"] = Array([.. c.FullAttention]),
        ["hidden_act"] = "silu",
        ["hidden_size"] = c.VisionHidden,
        ["in_chans"] = 3,
        ["intermediate_size"] = c.VisionIntermediate,
        ["model_type"] = "qwen2_5_vl",
        ["num_heads"] = c.VisionHeads,
        ["out_hidden_size"] = c.Hidden,
        ["patch_size"] = c.Patch,
        ["spatial_merge_size"] = c.Merge,
        ["spatial_patch_size"] = c.Patch,
        ["temporal_patch_size"] = c.TemporalPatch,
        ["tokens_per_second"] = 2,
        ["window_size"] = c.VisionWindow,
    };

    private static JsonObject Generation(BytePairVocabulary vocabulary) => new()
    {
        ["bos_token_id"] = Id(vocabulary, SpecialTokens.EndOfText),
        ["do_sample"] = false,
        ["eos_token_id"] = Array(Id(vocabulary, SpecialTokens.TurnEnd), Id(vocabulary, SpecialTokens.EndOfText)),
        ["pad_token_id"] = Id(vocabulary, SpecialTokens.EndOfText),
        ["transformers_version"] = "4.49.0",
    };

    private static JsonObject Preprocessor(TinyConfig c) => new()
    {
        ["do_convert_rgb"] = true,
        ["do_normalize"] = true,
        ["do_rescale"] = true,
        ["do_resize"] = true,
        ["image_mean"] = Array(0.48145466, 0.4578275, 0.40821073),
        ["image_processor_type"] = "Qwen2VLImageProcessor",
        ["image_std"] = Array(0.26862954, 0.26130258, 0.27577711),
        ["max_pixels"] = 12845056,
        ["merge_size"] = c.Merge,
        ["min_pixels"] = 3136,
        ["patch_size"] = c.Patch,
        ["processor_class"] = "Qwen2_5_VLProcessor",
        ["resample"] = 3,
        ["rescale_factor"] = 1.0 / 255,
        ["temporal_patch_size"] = c.TemporalPatch,
    };

    private static JsonArray Array<T>(params T[] items) => new([.. items.Select(i => (JsonNode?)JsonValue.Create(i))]);
}
