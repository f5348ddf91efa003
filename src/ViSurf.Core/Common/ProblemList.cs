namespace ViSurf.Core.Common;

/// <summary>Everything that is wrong, as the lines of one message.</summary>
internal static class ProblemList
{
    /// <summary>Lines of a message; a model has thousands of tensors, and when one is wrong often all are.</summary>
    public const int Most = 40;

    /// <summary>A line for each of the first <see cref="Most"/>, indented, and one that counts the rest; the last line is not ended.</summary>
    public static string Lines(IReadOnlyCollection<string> problems)
        => "  " + string.Join("\n  ", problems.Take(Most)) + (problems.Count > Most ? $"\n  … and {problems.Count - Most} more" : "");
}
