namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// What <c>config.json</c> of a checkpoint says. Defaults are those of transformers' Qwen2.5-VL classes; the other families' are in
/// <see cref="QwenFamilies"/>. A saved file leaves them out.
/// </summary>
public sealed record QwenVlConfig
{
    /// <summary>The decoder.</summary>
    public required QwenTextConfig Text { get; init; }

    /// <summary>The vision tower; null for a text-only decoder (<c>qwen2</c>, <c>qwen3</c>).</summary>
    public required QwenVisionConfig? Vision { get; init; }

    /// <summary><c>model_type</c>: the family.</summary>
    public string ModelType { get; init; } = "qwen2_5_vl";

    /// <summary>Whether the head is the embedding matrix (<c>tie_word_embeddings</c>).</summary>
    /// <remarks>
    /// A policy's is false where its weights hold an <c>lm_head.weight</c> that differs from the embedding, whatever the file says:
    /// <see cref="QwenVlConfigReader.Read(string, Weights.CheckpointReader)"/>.
    /// </remarks>
    public bool TiedHead { get; init; }

    /// <summary>Standard deviation of fresh weights, for <see cref="QwenVlPolicy.Initialize"/>.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Placeholder that image features replace.</summary>
    public int ImageTokenId { get; init; } = 151655;

    /// <summary>Placeholder that video features replace.</summary>
    public int VideoTokenId { get; init; } = 151656;

    /// <summary>Before an image or a video.</summary>
    public int VisionStartTokenId { get; init; } = 151652;

    /// <summary>After an image or a video.</summary>
    public int VisionEndTokenId { get; init; } = 151653;
}

/// <summary>The decoder's sizes (<c>text_config</c>, or the root of a flat file).</summary>
public sealed record QwenTextConfig
{
    /// <summary>Rows of the embedding matrix.</summary>
    public int VocabularySize { get; init; } = 152064;

    /// <summary>Width of the residual stream.</summary>
    public int HiddenSize { get; init; } = 8192;

    /// <summary>Width inside the MLP.</summary>
    public int IntermediateSize { get; init; } = 29568;

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; } = 80;

    /// <summary>Query heads.</summary>
    public int Heads { get; init; } = 64;

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public int KeyValueHeads { get; init; } = 8;

    /// <summary>Width of a head; <see cref="HiddenSize"/> / <see cref="Heads"/> unless the file says otherwise.</summary>
    public int HeadSize { get; init; } = 128;

    /// <summary>ε of the RMS norms.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 1e6;

    /// <summary>
    /// How many rotary frequencies read the time, height and width index; sums to half of <see cref="HeadSize"/>. Empty for a text-only
    /// decoder, whose tokens have one index.
    /// </summary>
    public IReadOnlyList<int> RopeSection { get; init; } = [16, 24, 24];

    /// <summary>
    /// Rounds the rotary frequencies to bfloat16, to reproduce a PyTorch model that was cast as a whole (<c>model.to(bfloat16)</c> casts
    /// its tables too, and <c>.float()</c> does not bring them back).
    /// </summary>
    /// <value>false: <c>from_pretrained</c> keeps them in float32 whatever the dtype, and so was every checkpoint trained.</value>
    public bool RoundedRopeFrequencies { get; init; }

    /// <summary>Longest sequence the model was made for.</summary>
    public int MaxPositions { get; init; } = 32768;

    internal long QuerySize => (long)Heads * HeadSize;

    internal long KeyValueSize => (long)KeyValueHeads * HeadSize;
}

/// <summary>The vision tower's sizes (<c>vision_config</c>).</summary>
public sealed record QwenVisionConfig
{
    /// <summary>Number of blocks.</summary>
    public int Depth { get; init; } = 32;

    /// <summary>Width of the residual stream.</summary>
    public int HiddenSize { get; init; } = 3584;

    /// <summary>Width inside the MLP.</summary>
    public int IntermediateSize { get; init; } = 3420;

    /// <summary>Heads.</summary>
    public int Heads { get; init; } = 16;

    /// <summary>Colour channels.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Pixels per side of a patch.</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Frames in a patch; a still image is doubled.</summary>
    public int TemporalPatchSize { get; init; } = 2;

    /// <summary>Patches per side that the merger joins into one token.</summary>
    public int SpatialMergeSize { get; init; } = 2;

    /// <summary>Pixels per side of an attention window; Qwen2.5-VL only.</summary>
    public int WindowSize { get; init; } = 112;

    /// <summary>Width of the features handed to the decoder.</summary>
    public int OutputSize { get; init; } = 3584;

    /// <summary>Blocks that attend to the whole frame instead of a window; Qwen2.5-VL only, in the others every block does.</summary>
    public IReadOnlyList<int> FullAttentionBlocks { get; init; } = [7, 15, 23, 31];

    /// <summary>Time index per second of video.</summary>
    public double TokensPerSecond { get; init; } = 4;

    /// <summary>Entries per side of the learned position table; 0 where there is none (before Qwen3-VL).</summary>
    public int PositionTableSide { get; init; }

    /// <summary>Blocks whose output also goes to the decoder's first layers, in order (deepstack); none before Qwen3-VL.</summary>
    public IReadOnlyList<int> DeepstackBlocks { get; init; } = [];

    /// <summary>Numbers in one flattened patch: channels × frames × side².</summary>
    public int PatchWidth => Channels * TemporalPatchSize * PatchSize * PatchSize;

    /// <summary>Width of what the merger joins.</summary>
    internal long JoinedSize => (long)HiddenSize * SpatialMergeSize * SpatialMergeSize;
}
