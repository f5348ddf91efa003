using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// Seg-Zero's answer: the first braces of the text, from an opening one to the next closing one, with a box and two points.
/// </summary>
/// <param name="Box">The box; null when it is not four numbers.</param>
/// <param name="First">The first point, cut to whole pixels; null when it is not two numbers.</param>
/// <param name="Second">The second one.</param>
/// <param name="HasExactKeys">Whether <c>bbox</c>, <c>points_1</c> and <c>points_2</c> are there, lists of four, two and two; there may
/// be more.</param>
/// <param name="HasKeys">Whether some key holds "bbox" and at least two others "point", the first of them of length four, two and
/// two.</param>
public sealed record SegZeroAnswer(Box? Box, PixelPoint? First, PixelPoint? Second, bool HasExactKeys, bool HasKeys)
{
    private const string BoxKey = "bbox", FirstKey = "points_1", SecondKey = "points_2";

    /// <summary>Reads the first braces with something in them, wherever they stand; null when they hold no JSON object.</summary>
    /// <param name="text">A completion.</param>
    /// <param name="exactKeys">
    /// Whether the box and the points are found under <c>bbox</c>, <c>points_1</c> and <c>points_2</c>. Off by default: under the first key
    /// that holds "bbox" and the first two that hold "points" (or, where there are none, "point").
    /// </param>
    public static SegZeroAnswer? FromText(string text, bool exactKeys = false)
    {
        var members = new Dictionary<string, FlatValue>(StringComparer.Ordinal);
        if (Braces(Guard.NotNull(text)) is not (var from, var to) || !FlatJson.ReadObject(text.AsSpan(from, to - from), members))
            return null;
        // A dictionary that nothing was removed from keeps the order of its keys.
        var box = exactKeys ? BoxKey : members.Keys.FirstOrDefault(key => Holds(key, "bbox"));
        var points = members.Keys.Where(key => key != box && Holds(key, "point")).ToArray();
        string[] named = [.. points.Where(key => Holds(key, "points")).Take(2)];
        var places = exactKeys ? [FirstKey, SecondKey] : named.Length == 2 ? named : points;
        return new SegZeroAnswer(
            box is not null && Find(members, box).Numbers is [var x1, var y1, var x2, var y2] ? new Box(x1, y1, x2, y2) : null,
            places.Length > 0 ? Point(Find(members, places[0])) : null,
            places.Length > 1 ? Point(Find(members, places[1])) : null,
            Find(members, BoxKey).Length == 4 && Find(members, FirstKey).Length == 2 && Find(members, SecondKey).Length == 2,
            box is not null && Find(members, box).Length == 4 && points.Length >= 2
                && points.Take(2).All(key => Find(members, key).Length == 2));
    }

    /// <summary>
    /// The first opening brace that something other than a closing one follows, and the end of the first closing one after that.
    /// </summary>
    private static (int From, int To)? Braces(string text)
    {
        for (var open = text.IndexOf('{'); open >= 0; open = text.IndexOf('{', open + 1))
        {
            if (open + 1 < text.Length && text[open + 1] == '}') continue;
            var close = text.IndexOf('}', open);
            return close < 0 ? null : (open, close + 1);
        }
        return null;
    }

    private static bool Holds(string key, string part) => key.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static FlatValue Find(Dictionary<string, FlatValue> members, string key) => members.GetValueOrDefault(key);

    private static PixelPoint? Point(FlatValue value)
        => value.Numbers is [var x, var y, ..] ? new PixelPoint(Math.Truncate(x), Math.Truncate(y)) : null;
}
