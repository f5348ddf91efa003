using ViSurf.Core.Models.Weights;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Bounds of a configuration, each far above any published model, so that a damaged or hostile file is an error and not an
/// attempt to allocate what it claims. Whether numbers fit together is the reader's business.
/// </summary>
internal static class ConfigLimits
{
    private const int Width = 1 << 17, Inner = 1 << 20, Depth = 1 << 10, Heads = 1 << 12, Rows = 1 << 22, Small = 1 << 12;

    /// <exception cref="FormatException">A number is outside its bounds; the message names it.</exception>
    public static QwenVlConfig Ensure(QwenVlConfig config)
    {
        var t = config.Text;
        foreach (var (name, value, most) in new (string, long, long)[]
        {
            ("vocab_size", t.VocabularySize, Rows), ("hidden_size", t.HiddenSize, Width), ("intermediate_size", t.IntermediateSize, Inner),
            ("num_hidden_layers", t.Layers, Depth), ("num_attention_heads", t.Heads, Heads), ("num_key_value_heads", t.KeyValueHeads, Heads),
            ("head_dim", t.HeadSize, Small), ("max_position_embeddings", t.MaxPositions, int.MaxValue),
        })
            Within(name, value, most);
        if (t.RopeSection.Count > Small || t.RopeSection.Any(n => n is < 0 or > Small))
            throw new FormatException($"mrope_section [{string.Join(", ", t.RopeSection.Take(8))}] holds numbers outside 0 to {Small}.");
        foreach (var (name, value) in new[] { ("rms_norm_eps", t.NormEpsilon), ("rope_theta", t.RopeTheta) }) Positive(name, value);
        if (config.InitializerRange is not (>= 0 and < 1e3)) throw new FormatException($"initializer_range is {config.InitializerRange}, expected 0 to 1000.");
        if (config.Vision is { } vision) Ensure(vision);
        return config;
    }

    private static void Ensure(QwenVisionConfig v)
    {
        foreach (var (name, value, most) in new (string, long, long)[]
        {
            ("vision depth", v.Depth, Depth), ("vision hidden_size", v.HiddenSize, Width),
            ("vision intermediate_size", v.IntermediateSize, Inner), ("vision num_heads", v.Heads, Heads),
            ("vision in_channels (in_chans)", v.Channels, Small),
            ("patch_size", v.PatchSize, Small), ("temporal_patch_size", v.TemporalPatchSize, Small), ("spatial_merge_size", v.SpatialMergeSize, Small),
            ("window_size", v.WindowSize, Rows), ("out_hidden_size", v.OutputSize, Width),
        })
            Within(name, value, most);
        // An index of a block that is not there: nothing is allocated by it, so the bound is that of the blocks.
        if (v.FullAttentionBlocks.Count > Depth) throw new FormatException($"fullatt_block_indexes lists {v.FullAttentionBlocks.Count} blocks, expected at most {Depth}.");
        Positive("tokens_per_second", v.TokensPerSecond);
    }

    private static void Within(string name, long value, long most)
    {
        if (value < 1 || value > most) throw new FormatException($"{name} is {value}, expected 1 to {most}.");
    }

    private static void Positive(string name, double value)
    {
        if (!double.IsFinite(value) || value <= 0) throw new FormatException($"{name} is {value}, expected a number above 0.");
    }

    /// <summary>
    /// Compares what the configuration needs at the very least (embedding, MLPs: every family has them) with what the weight files hold,
    /// before a network of that size is allocated.
    /// </summary>
    /// <exception cref="InvalidDataException">The files cannot hold such a model.</exception>
    public static void EnsureHeld(QwenVlConfig config, CheckpointReader checkpoint)
    {
        var (t, v) = (config.Text, config.Vision);
        var least = (Int128)t.VocabularySize * t.HiddenSize + (Int128)t.Layers * 3 * t.HiddenSize * t.IntermediateSize + (v is null ? 0 : (Int128)v.Depth * 2 * v.HiddenSize * v.IntermediateSize);
        var held = checkpoint.Names.Sum(name => checkpoint.Entry(name).Shape.Aggregate(1L, (product, n) => product * n));
        // A single missing tensor is better said by name, so only what is far off ends here.
        if (least / 2 > held)
            throw new InvalidDataException(
                $"The config.json in '{checkpoint.Directory}' describes a model of at least {least} parameters, its weight files hold {held}. Check that they come from the same model.");
    }
}
