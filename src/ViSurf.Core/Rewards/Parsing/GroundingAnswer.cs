using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// A policy's answer read as the JSON list <c>[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]</c>, in one pass and as
/// leniently as the reference reward: unknown keys are ignored, of equal keys the last counts.
/// </summary>
public sealed class GroundingAnswer
{
    private const string BoxKey = "bbox_2d", PointKey = "point_2d";
    private readonly List<GroundedObject?> _items = [];
    private int _formatMarks;
    private bool _formatStopped, _keysComplete = true;

    private GroundingAnswer()
    {
    }

    /// <summary>Length of the list.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Well-formed parts per element, in [0, 2]: one mark for a <c>bbox_2d</c> that is a list of four, one for a <c>point_2d</c> that
    /// is a list of two, whatever the lists hold. 0 for an empty list.
    /// </summary>
    /// <remarks>As in the reference, counting ends at the first element that is not an object (a text or a list without the keys is passed over).</remarks>
    public double MarksPerElement => Count == 0 ? 0 : (double)_formatMarks / Count;

    /// <summary>
    /// The objects, at most <paramref name="maximum"/> of them from the front; null when an element lacks a key, or one of those
    /// taken has anything but four and two numbers. Numbers may be NaN or infinite; true and false count as 1 and 0, as in Python.
    /// </summary>
    public IReadOnlyList<GroundedObject>? Objects(int maximum = int.MaxValue)
    {
        if (!_keysComplete) return null;
        var taken = _items.Take(maximum).OfType<GroundedObject>().ToArray();
        return taken.Length == Math.Min(maximum, _items.Count) ? taken : null;
    }

    /// <summary>Reads the first answer block of a completion; null when there is none or it does not hold a JSON list.</summary>
    public static GroundingAnswer? FromText(string text)
        => ThinkAnswerText.TryAnswer(text, out var answer) ? Parse(answer) : null;

    /// <summary>Reads a JSON list; null when the text is anything else. Linear in the text; never throws.</summary>
    public static GroundingAnswer? Parse(ReadOnlySpan<char> json)
    {
        var cursor = new JsonCursor(json);
        if (!cursor.Take('[')) return null;
        var answer = new GroundingAnswer();
        if (!cursor.Take(']'))
        {
            do
            {
                cursor.SkipBlanks();
                if (!answer.ReadElement(ref cursor)) return null;
                answer.Count++;
            }
            while (cursor.Take(','));
            if (!cursor.Take(']')) return null;
        }
        cursor.SkipBlanks();
        return cursor.AtEnd ? answer : null;
    }

    private bool ReadElement(ref JsonCursor cursor)
    {
        if (cursor.Peek == '{') return ReadObject(ref cursor);
        _keysComplete = false;
        // Python asks `'bbox_2d' in element`: false for most texts and lists, true (and then an error) for those that hold the key,
        // an error for numbers, true, false and null.
        bool stops;
        if (cursor.Peek == '"')
        {
            if (!cursor.TryString(out var value)) return false;
            stops = value.Contains(BoxKey, StringComparison.Ordinal) || value.Contains(PointKey, StringComparison.Ordinal);
        }
        else if (cursor.Peek == '[')
        {
            if (!ReadList(ref cursor, out stops)) return false;
        }
        else
        {
            stops = true;
            if (!cursor.SkipValue()) return false;
        }
        _formatStopped |= stops;
        return true;
    }

    private static bool ReadList(ref JsonCursor cursor, out bool holdsKey)
    {
        holdsKey = false;
        cursor.Take('[');
        if (cursor.Take(']')) return true;
        do
        {
            cursor.SkipBlanks();
            if (cursor.Peek != '"')
            {
                if (!cursor.SkipValue()) return false;
                continue;
            }
            if (!cursor.TryString(out var value)) return false;
            holdsKey |= value is BoxKey or PointKey;
        }
        while (cursor.Take(','));
        return cursor.Take(']');
    }

    private bool ReadObject(ref JsonCursor cursor)
    {
        Numbers? box = null, point = null;
        cursor.Take('{');
        if (!cursor.Take('}'))
        {
            do
            {
                if (!cursor.TryKey(out var key)) return false;
                cursor.SkipBlanks();
                if (key is BoxKey or PointKey)
                {
                    if (!Numbers.Read(ref cursor, out var numbers)) return false;
                    if (key is BoxKey) box = numbers;
                    else point = numbers;
                }
                else if (!cursor.SkipValue())
                {
                    return false;
                }
            }
            while (cursor.Take(','));
            if (!cursor.Take('}')) return false;
        }

        if (!_formatStopped) _formatMarks += (box?.Length == 4 ? 1 : 0) + (point?.Length == 2 ? 1 : 0);
        _keysComplete &= box is not null && point is not null;
        if (!_keysComplete) return true;
        _items.Add(box is { Length: 4, Numeric: true } b && point is { Length: 2, Numeric: true } p
            ? new GroundedObject(new Box(b.A, b.B, b.C, b.D), new PixelPoint(p.A, p.B))
            : null);
        return true;
    }

    /// <summary>The first four numbers of a list; Length −1 for a value that is no list.</summary>
    private struct Numbers
    {
        public double A, B, C, D;
        public int Length;
        public bool Numeric;

        public static bool Read(ref JsonCursor cursor, out Numbers numbers)
        {
            numbers = new Numbers { Length = -1 };
            if (cursor.Peek != '[') return cursor.SkipValue();
            (numbers.Length, numbers.Numeric) = (0, true);
            cursor.Take('[');
            if (cursor.Take(']')) return true;
            do
            {
                cursor.SkipBlanks();
                double value = 0;
                if (cursor.TakeWord("true")) value = 1;
                else if (cursor.TakeWord("false")) value = 0;
                else if (cursor.Peek is '"' or '[' or '{' or 'n')
                {
                    numbers.Numeric = false;
                    if (!cursor.SkipValue()) return false;
                }
                else
                {
                    if (!cursor.TryNumber(out value, out var isInteger)) return false;
                    // Python keeps such integers exact and then fails to turn them into floats.
                    if (isInteger && double.IsInfinity(value)) numbers.Numeric = false;
                }
                switch (numbers.Length++)
                {
                    case 0: numbers.A = value; break;
                    case 1: numbers.B = value; break;
                    case 2: numbers.C = value; break;
                    case 3: numbers.D = value; break;
                }
            }
            while (cursor.Take(','));
            return cursor.Take(']');
        }
    }
}
