using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Evaluation;

/// <summary>Reads predictions.</summary>
public static class AnswerParser
{
    /// <summary>The objects in the first answer block of a completion; empty for "nothing there".</summary>
    /// <param name="text">A completion.</param>
    /// <param name="acceptBareText">Whether tags may be missing: then what follows the thoughts is read, inside of a code fence when there is one.</param>
    /// <returns>
    /// null when there is no answer block, it is no JSON list, or an element lacks a <c>bbox_2d</c> of four or a <c>point_2d</c> of two
    /// numbers that can be pixels (finite, below a thousand million: areas must not overflow).
    /// </returns>
    public static IReadOnlyList<GroundedObject>? Objects(string text, bool acceptBareText = false)
        => Answer(Guard.NotNull(text), acceptBareText)?.Objects() is { } objects && objects.All(IsUsable) ? objects : null;

    private static GroundingAnswer? Answer(string text, bool acceptBareText)
        => GroundingAnswer.FromText(text)
           ?? (acceptBareText && AnswerText.TryFind(text, acceptBareText, out var answer) ? GroundingAnswer.Parse(AnswerText.Unfenced(answer)) : null);

    private static bool IsUsable(GroundedObject o)
        => IsPixel(o.Box.X1) && IsPixel(o.Box.Y1) && IsPixel(o.Box.X2) && IsPixel(o.Box.Y2) && IsPixel(o.Point.X) && IsPixel(o.Point.Y);

    private static bool IsPixel(double value) => Math.Abs(value) < 1e9;
}
