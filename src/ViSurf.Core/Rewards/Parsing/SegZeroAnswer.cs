using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Seg-Zero's answer: the first object in braces, with a box and two points.</summary>
/// <param name="Box">The value of the first key that holds "bbox"; null when it is not four numbers.</param>
/// <param name="First">The value of the first key that holds "point"; null when it is not two numbers.</param>
/// <param name="Second">Of the second such key.</param>
/// <param name="HasExactKeys">Whether the keys are <c>bbox</c>, <c>points_1</c> and <c>points_2</c>, no more and no fewer.</param>
/// <param name="HasKeys">Whether some key holds "bbox" and at least two hold "point".</param>
public sealed record SegZeroAnswer(Box? Box, PixelPoint? First, PixelPoint? Second, bool HasExactKeys, bool HasKeys)
{
    private static readonly string[] Keys = ["bbox", "points_1", "points_2"];

    /// <summary>Reads the first braces of the answer block, or of the whole text without one; null when they hold no JSON object.</summary>
    public static SegZeroAnswer? FromText(string text)
    {
        var place = ThinkAnswerText.TryAnswer(Guard.NotNull(text), out var answer) ? answer : text.AsSpan();
        var brace = place.IndexOf('{');
        var members = new Dictionary<string, FlatValue>(StringComparer.Ordinal);
        if (brace < 0 || !FlatJson.ReadObject(place[brace..], members)) return null;
        // A dictionary that nothing was removed from keeps the order of its keys.
        var box = members.Keys.FirstOrDefault(key => key.Contains("bbox", StringComparison.OrdinalIgnoreCase));
        var points = members.Keys.Where(key => key.Contains("point", StringComparison.OrdinalIgnoreCase)).Take(2).ToArray();
        return new SegZeroAnswer(
            box is not null && members[box].Numbers is [var x1, var y1, var x2, var y2] ? new Box(x1, y1, x2, y2) : null,
            points.Length > 0 ? Point(members[points[0]]) : null,
            points.Length > 1 ? Point(members[points[1]]) : null,
            members.Count == 3 && Keys.All(members.ContainsKey),
            box is not null && points.Length == 2);
    }

    private static PixelPoint? Point(FlatValue value) => value.Numbers is [var x, var y] ? new PixelPoint(x, y) : null;
}
