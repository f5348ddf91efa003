using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Reads <c>config.json</c> of every supported family in both generations: flat (text fields at the root, <c>rope_scaling</c>) and nested
/// (<c>text_config</c>, <c>rope_parameters</c>).
/// </summary>
public static class QwenVlConfigReader
{
    /// <summary>Reads a checkpoint directory's configuration.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">It has no config.json.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is not JSON, is of an architecture or uses an option that is not supported, or its numbers do not fit together; the message
    /// names what was found and what is supported.
    /// </exception>
    public static QwenVlConfig Read(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw StagedDirectory.Missing(directory, "a checkpoint directory");
        var path = LinkRule.Find(directory, "config.json")
            ?? throw new FileNotFoundException($"Expected config.json in the checkpoint directory "
                + $"'{directory}', found none.", Path.Combine(directory, "config.json"));
        try
        {
            using var json = BoundedFile.Json(path);
            return ConfigCheck.Numbers(ConfigLimits.Ensure(Read(JsonSettings.Root(json))));
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected the configuration of a checkpoint of {QwenFamilies.Supported} in '{path}': {e.Message}", e);
        }
    }

    /// <summary>
    /// Reads a checkpoint directory's configuration as a policy loaded from it has it: a head that is stored beside the embedding and
    /// differs is kept.
    /// </summary>
    /// <param name="directory">The checkpoint directory.</param>
    /// <param name="checkpoint">Its weights, opened; they stay the caller's.</param>
    /// <returns>The configuration, with <see cref="QwenVlConfig.TiedHead"/> as the weights bear it out.</returns>
    /// <inheritdoc cref="Read(string)"/>
    public static QwenVlConfig Read(string directory, CheckpointReader checkpoint)
        => StoredHead.Agree(Read(directory), Guard.NotNull(checkpoint));

    private static QwenVlConfig Read(JsonSettings root)
    {
        var type = root.Text("model_type") ?? "";
        var family = QwenFamilies.Find(type)
            ?? throw new FormatException($"model_type is '{Excerpt.Of(type)}'; supported are {QwenFamilies.Supported}.");
        var text = root.Object("text_config") ?? root;
        var vision = root.Object("vision_config") ?? default;
        ConfigCheck.Options(root, text, vision, family);
        var d = family.Defaults;
        return d with
        {
            Text = ReadText(text, d.Text, family.Options),
            Vision = d.Vision is null ? null : ReadVision(vision, d.Vision, family),
            // transformers reads the flag at the root; a nested file may state it in text_config alone.
            TiedHead = root.Bool("tie_word_embeddings") ?? text.Bool("tie_word_embeddings") ?? d.TiedHead,
            InitializerRange = root.Number("initializer_range", text.Number("initializer_range", d.InitializerRange)),
            ImageTokenId = root.Int("image_token_id", d.ImageTokenId),
            VideoTokenId = root.Int("video_token_id", d.VideoTokenId),
            VisionStartTokenId = root.Int("vision_start_token_id", d.VisionStartTokenId),
            VisionEndTokenId = root.Int("vision_end_token_id", d.VisionEndTokenId),
        };
    }

    private static QwenTextConfig ReadText(JsonSettings json, QwenTextConfig d, QwenOptions options)
    {
        var rope = Rope(json);
        var hidden = json.Int("hidden_size", d.HiddenSize);
        var heads = json.Int("num_attention_heads", d.Heads);
        var shared = heads > 0 ? hidden / heads : 0;
        return new QwenTextConfig
        {
            VocabularySize = json.Int("vocab_size", d.VocabularySize),
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size", d.IntermediateSize),
            Layers = json.Int("num_hidden_layers", d.Layers),
            Heads = heads,
            // null, written out, means as many as heads; head_dim likewise means an equal share.
            KeyValueHeads = json.Int("num_key_value_heads", json.IsNull("num_key_value_heads") ? heads : d.KeyValueHeads),
            HeadSize = json.Int("head_dim", json.IsNull("head_dim") ? shared : options.FixedHeadSize ?? shared),
            NormEpsilon = json.Number("rms_norm_eps", d.NormEpsilon),
            RopeTheta = rope.Number("rope_theta", json.Number("rope_theta", d.RopeTheta)),
            RopeSection = d.RopeSection.Count == 0 ? [] : rope.Ints("mrope_section") ?? d.RopeSection,
            MaxPositions = json.Int("max_position_embeddings", d.MaxPositions),
        };
    }

    internal static JsonSettings Rope(JsonSettings text) => text.Object("rope_parameters") ?? text.Object("rope_scaling") ?? default;

    private static QwenVisionConfig ReadVision(JsonSettings json, QwenVisionConfig d, QwenFamily family)
    {
        var entries = json.Int("num_position_embeddings", d.PositionTableSide * d.PositionTableSide);
        var side = (int)Math.Sqrt(Math.Max(0, entries));
        if ((long)side * side != entries) throw new FormatException($"num_position_embeddings is {entries}, expected a square.");
        var config = d with
        {
            Depth = json.Int("depth", d.Depth),
            HiddenSize = json.Int("hidden_size", d.HiddenSize),
            IntermediateSize = json.Int("intermediate_size", d.IntermediateSize),
            Heads = json.Int("num_heads", d.Heads),
            Channels = json.Int("in_channels", json.Int("in_chans", d.Channels)),
            PatchSize = json.Int("patch_size", d.PatchSize),
            TemporalPatchSize = json.Int("temporal_patch_size", d.TemporalPatchSize),
            SpatialMergeSize = json.Int("spatial_merge_size", d.SpatialMergeSize),
            WindowSize = json.Int("window_size", d.WindowSize),
            OutputSize = json.Int("out_hidden_size", d.OutputSize),
            FullAttentionBlocks = json.Ints("fullatt_block_indexes") ?? d.FullAttentionBlocks,
            TokensPerSecond = json.Number("tokens_per_second", d.TokensPerSecond),
            PositionTableSide = side,
            DeepstackBlocks = json.Ints("deepstack_visual_indexes") ?? d.DeepstackBlocks,
        };
        return family.AdjustVision(json, config);
    }
}
