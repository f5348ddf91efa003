namespace ViSurf.Core.Policies;

/// <summary>How a policy lays out what it scores, and with it what a micro-batch costs.</summary>
public enum SequenceLayout
{
    /// <summary>Every prompt is as wide as the longest one of its batch, every completion as the longest completion: prompts × longest prompt + rows × longest completion.</summary>
    Padded,

    /// <summary>Rows of real tokens, one after the other: all prompts + all completions.</summary>
    Packed,
}
