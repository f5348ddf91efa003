using ViSurf.Core.Data;

namespace Quickstart;

/// <summary>The model's greedy answer to a held-out row.</summary>
/// <param name="Example">The row.</param>
/// <param name="Text">All that the model wrote.</param>
internal sealed record Prediction(VisionExample Example, string Text)
{
    /// <summary>The boxes in the answer; null when there is no answer that can be read.</summary>
    public IReadOnlyList<Box>? Boxes { get; } = ReadBoxes(Text);

    /// <summary>The true boxes, or null for a row that is answered in words.</summary>
    public IReadOnlyList<Box>? Truth { get; } = (Example.Target as GroundingTarget)?.Objects.Select(o => o.Box).ToArray();

    private static Box[]? ReadBoxes(string text)
    {
        var start = text.IndexOf("<answer>", StringComparison.Ordinal);
        var end = text.IndexOf("</answer>", StringComparison.Ordinal);
        if (start < 0 || end < start) return null;
        try
        {
            return GroundingTarget.Parse(text[(start + "<answer>".Length)..end]).Objects.Select(o => o.Box).ToArray();
        }
        catch (FormatException)
        {
            return null; // What a model writes may be anything: unreadable counts as wrong.
        }
    }
}
