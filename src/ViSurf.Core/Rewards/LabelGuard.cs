using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>What rewards ask of labels. The messages name the value; the suite adds the example and the reward.</summary>
internal static class LabelGuard
{
    /// <summary>Checks that boxes are finite and not reversed; with <paramref name="solid"/>, that they cover something.</summary>
    /// <exception cref="InvalidDataException">One is not.</exception>
    public static void Boxes(IEnumerable<Box> boxes, bool solid = false)
    {
        foreach (var box in boxes)
        {
            if (!IsPixel(box.X1) || !IsPixel(box.Y1) || !IsPixel(box.X2) || !IsPixel(box.Y2) || box.X2 < box.X1 || box.Y2 < box.Y1)
                throw new InvalidDataException(FormattableString.Invariant($"Expected a labelled box of finite pixels with x1 <= x2 and y1 <= y2, got {box}."));
            if (solid && box.Area <= 0)
                throw new InvalidDataException(FormattableString.Invariant($"Expected a labelled box that covers something, got {box}: nothing can overlap with it."));
        }
    }

    /// <summary>Checks that points are finite.</summary>
    /// <exception cref="InvalidDataException">One is not.</exception>
    public static void Points(params ReadOnlySpan<PixelPoint> points)
    {
        foreach (var point in points)
            if (!IsPixel(point.X) || !IsPixel(point.Y))
                throw new InvalidDataException(FormattableString.Invariant($"Expected a labelled point of finite pixels, got {point}."));
    }

    /// <summary>The accepted answers of a label in words; null for other labels.</summary>
    /// <exception cref="InvalidDataException">There is none, or one is blank.</exception>
    public static IReadOnlyList<string>? Answers(Target? target)
    {
        IReadOnlyList<string>? answers = target switch
        {
            TextTarget text => [text.Text],
            AnswersTarget several => several.Accepted,
            _ => null,
        };
        if (answers is null) return null;
        if (answers.Count == 0) throw new InvalidDataException("Expected at least one accepted answer in the label, got none.");
        return answers.Any(string.IsNullOrWhiteSpace)
            ? throw new InvalidDataException("Expected a text label with at least one visible character, got a blank one.")
            : answers;
    }

    private static bool IsPixel(double value) => Math.Abs(value) < 1e9;
}
