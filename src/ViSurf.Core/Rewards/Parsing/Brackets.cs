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

    /// <summary>
    /// The first <c>[x1, y1, x2, y2]</c> of whole numbers without signs, blanks behind the commas alone (VLM-R1's
    /// <c>\[\d+,\s*\d+,\s*\d+,\s*\d+\]</c>), and where it ends; null when there is none.
    /// </summary>
    internal static (Box Box, int End)? FirstWholeBox(ReadOnlySpan<char> text)
    {
        Span<double> numbers = stackalloc double[4];
        for (var at = 0; TryNextWhole(text, at, numbers, out var end); at = end)
            if (text[end - 1] == ']') return (new Box(numbers[0], numbers[1], numbers[2], numbers[3]), end);
        return null;
    }

    /// <summary>The last <c>[x, y]</c> of whole numbers without signs; null when there is none.</summary>
    internal static PixelPoint? LastWholePoint(ReadOnlySpan<char> text)
    {
        Span<double> numbers = stackalloc double[2];
        PixelPoint? last = null;
        for (var at = 0; TryNextWhole(text, at, numbers, out var end); at = end)
            if (text[end - 1] == ']') last = new PixelPoint(numbers[0], numbers[1]);
        return last;
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

    /// <summary>
    /// Goes to the next opening bracket and as far as whole numbers follow; the character before <paramref name="end"/> closes the bracket
    /// where there were as many as asked for. False at the end of the text.
    /// </summary>
    private static bool TryNextWhole(ReadOnlySpan<char> text, int from, Span<double> numbers, out int end)
    {
        end = text.Length;
        var open = text[from..].IndexOf('[');
        if (open < 0) return false;
        end = from + open + 1;
        for (var count = 0; count < numbers.Length; count++)
        {
            var start = end;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end == start || end == text.Length || text[end] != (count + 1 < numbers.Length ? ',' : ']')) return true;
            if (!NumberText.TryPlain(text[start..end], out numbers[count]) || numbers[count] >= 1e9) return true;
            end++;
            while (count + 1 < numbers.Length && end < text.Length && ThinkAnswerText.IsBlank(text[end])) end++;
        }
        return true;
    }

    private static bool OnlyComma(ReadOnlySpan<char> between) => ThinkAnswerText.Trim(between) is "" or ",";

    private readonly record struct Bracket(int Start, int End, int Count, double A, double B, double C, double D);
}
