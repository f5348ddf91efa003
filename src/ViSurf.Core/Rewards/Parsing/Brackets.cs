using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Coordinates in brackets anywhere in a text: <c>[x1, y1, x2, y2]</c>, <c>[x, y]</c>, <c>(x, y)</c>. Linear scans.</summary>
public static class Brackets
{
    /// <summary>
    /// The first box: a bracket of four numbers, or two brackets of two with nothing but a comma and blanks between (Qwen2-VL's
    /// <c>(x1,y1),(x2,y2)</c>). null when there is none; numbers are finite and below a thousand million.
    /// </summary>
    public static Box? FirstBox(ReadOnlySpan<char> text)
    {
        var before = default(Bracket);
        for (var at = 0; TryNext(text, at, out var bracket); at = bracket.End)
        {
            if (bracket.Count == 4) return new Box(bracket.A, bracket.B, bracket.C, bracket.D);
            if (bracket.Count == 2 && before.Count == 2 && OnlyComma(text[before.End..bracket.Start])) return new Box(before.A, before.B, bracket.A, bracket.B);
            before = bracket;
        }
        return null;
    }

    /// <summary>Brackets of two numbers as points, and of four as boxes, in order of appearance.</summary>
    public static (IReadOnlyList<PixelPoint> Points, IReadOnlyList<Box> Boxes) All(ReadOnlySpan<char> text)
    {
        var (points, boxes) = (new List<PixelPoint>(), new List<Box>());
        for (var at = 0; TryNext(text, at, out var bracket); at = bracket.End)
        {
            if (bracket.Count == 2) points.Add(new PixelPoint(bracket.A, bracket.B));
            else boxes.Add(new Box(bracket.A, bracket.B, bracket.C, bracket.D));
        }
        return (points, boxes);
    }

    /// <summary>The next bracket of two or four numbers. What was read in a bracket that fails is not read again: linear.</summary>
    private static bool TryNext(ReadOnlySpan<char> text, int from, out Bracket bracket)
    {
        Span<double> numbers = stackalloc double[4];
        for (var at = from; at < text.Length;)
        {
            var open = text[at..].IndexOfAny('[', '(');
            if (open < 0) break;
            var start = at + open;
            var (place, count, more) = (start + 1, 0, true);
            while (more && count < 4 && TryNumber(text, ref place, out numbers[count]))
            {
                count++;
                more = place < text.Length && text[place] == ',';
                if (more) place++;
            }
            var closes = text[start] == '[' ? ']' : ')';
            if (!more && count is 2 or 4 && place < text.Length && text[place] == closes)
            {
                bracket = new Bracket(start, place + 1, count, numbers[0], numbers[1], count == 4 ? numbers[2] : 0, count == 4 ? numbers[3] : 0);
                return true;
            }
            at = Math.Max(place, start + 1);
        }
        bracket = default;
        return false;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, ref int place, out double value)
    {
        while (place < text.Length && ThinkAnswerText.IsBlank(text[place])) place++;
        var start = place;
        if (place < text.Length && text[place] is '-' or '+') place++;
        while (place < text.Length && (char.IsAsciiDigit(text[place]) || text[place] == '.')) place++;
        var end = place;
        while (place < text.Length && ThinkAnswerText.IsBlank(text[place])) place++;
        return NumberText.TryPlain(text[start..end], out value) && Math.Abs(value) < 1e9;
    }

    private static bool OnlyComma(ReadOnlySpan<char> between) => ThinkAnswerText.Trim(between) is "" or ",";

    private readonly record struct Bracket(int Start, int End, int Count, double A, double B, double C, double D);
}
