namespace TinyBase.Checkpoint;

/// <summary>All sizes of the tiny Qwen2.5-VL: the real architecture, about 1.5 M parameters. One place to change them.</summary>
internal sealed record TinyConfig
{
    /// <summary>Width of the decoder.</summary>
    public int Hidden { get; init; } = 128;

    public int Layers { get; init; } = 4;

    public int Heads { get; init; } = 4;

    /// <summary>Heads that share keys and values.</summary>
    public int KeyValueHeads { get; init; } = 2;

    public int Intermediate { get; init; } = 384;

    /// <summary>Rotary frequencies for time, height and width; they sum to half a head.</summary>
    public IReadOnlyList<int> RopeSections { get; init; } = [4, 6, 6];

    /// <summary>Base of the rotary frequencies.</summary>
    /// <value>
    /// 10. Rows and columns get the slower frequencies of a head; with the published 1e6 and heads this small, the last of five columns is
    /// turned by less than 1e-3 rad, and the decoder cannot tell left from right. With 10 it learns to place boxes in less than half
    /// the steps of 1e4.
    /// </value>
    public double RopeTheta { get; init; } = 10;

    public int VisionHidden { get; init; } = 96;

    public int VisionDepth { get; init; } = 4;

    public int VisionHeads { get; init; } = 4;

    public int VisionIntermediate { get; init; } = 256;

    /// <summary>Side of an attention window in pixels, for the blocks that are not in <see cref="FullAttention"/>.</summary>
    public int VisionWindow { get; init; } = 56;

    public IReadOnlyList<int> FullAttention { get; init; } = [1, 3];

    public int Patch => 14;

    public int Merge => 2;

    public int TemporalPatch => 2;

    /// <summary>Longest prompt and answer together.</summary>
    public int MaxPositions { get; init; } = 2048;

    /// <summary>Most tokens of the vocabulary, special tokens not counted.</summary>
    public int MaxVocabulary { get; init; } = 768;

    /// <summary>Standard deviation of fresh weights.</summary>
    public double InitializerRange { get; init; } = 0.05;

    /// <summary>Whether the head is the embedding matrix.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>Dtype of the weights, as transformers spells it.</summary>
    public string WeightType { get; init; } = "float32";
}
