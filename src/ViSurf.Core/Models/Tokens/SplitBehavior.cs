namespace ViSurf.Core.Models.Tokens;

/// <summary>What becomes of the matches of a step that splits text; the names are tokenizer.json's.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches are left out.</summary>
    Removed,

    /// <summary>Every match is a piece of its own.</summary>
    Isolated,

    /// <summary>Matches are joined to what stands before them.</summary>
    MergedWithPrevious,

    /// <summary>Matches are joined to what comes after them.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one piece.</summary>
    Contiguous,
}
