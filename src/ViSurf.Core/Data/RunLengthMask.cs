using System.Globalization;
using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>
/// A binary mask as COCO writes it: lengths of runs, column by column, alternately outside and inside, the first one outside (it may be 0).
/// </summary>
public sealed record RunLengthMask
{
    /// <summary>Most pixels of a label's mask and of one that is resized or drawn.</summary>
    /// <value>
    /// 178,956,970: Pillow's limit for pictures. Larger ones can be read from a completion, which may claim anything, and compared.
    /// </value>
    public const long MaxPixels = 178_956_970;

    /// <summary>A mask from its runs.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="counts">Run lengths; their sum is height × width.</param>
    /// <exception cref="InvalidDataException">A size is not positive, a run is negative, or the runs do not fill the picture.</exception>
    public RunLengthMask(int height, int width, IReadOnlyList<long> counts)
    {
        Guard.NotNull(counts);
        if (Problem(height, width, counts) is { } problem) throw new InvalidDataException(problem);
        (Height, Width, Counts) = (height, width, counts);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Run lengths in pixels, outside first.</summary>
    public IReadOnlyList<long> Counts { get; }

    /// <summary>Pixels inside.</summary>
    public long Area => Counts.Where((_, i) => i % 2 == 1).Sum();

    /// <summary>A mask from its pixels.</summary>
    /// <param name="inside">[height, width].</param>
    public static RunLengthMask FromPixels(bool[,] inside)
    {
        Guard.NotNull(inside);
        var (height, width) = (inside.GetLength(0), inside.GetLength(1));
        var counts = new List<long> { 0 };
        var current = false;
        for (var x = 0; x < width; x++)
        {
            for (var y = 0; y < height; y++)
            {
                if (inside[y, x] != current)
                {
                    counts.Add(0);
                    current = !current;
                }
                counts[^1]++;
            }
        }
        return new RunLengthMask(height, width, counts);
    }

    /// <summary>
    /// The mask of the resized picture: each pixel is the nearest one of this mask. Works on runs, so it takes no memory for pixels.
    /// </summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <exception cref="InvalidDataException">More than <see cref="MaxPixels"/> pixels.</exception>
    public RunLengthMask Resize(int height, int width)
    {
        if (TooLarge(Guard.Positive(height), Guard.Positive(width)) is { } problem) throw new InvalidDataException(problem);
        var runs = Append([0], Counts.Select((count, i) => (i % 2 == 1, count)));
        var resized = new List<long> { 0 };
        var (run, start) = (0, 0L);
        for (var x = 0L; x < width; x++)
        {
            // The column whose middle is nearest, its first pixel and the run that this lies in.
            var first = (2 * x + 1) * Width / (2L * width) * Height;
            while (start + runs[run] <= first) start += runs[run++];
            Append(resized, Column(runs, run, start - first, height));
        }
        return new RunLengthMask(height, width, resized);
    }

    /// <summary>
    /// The runs of one column of this mask, resized; <paramref name="start"/> is the row at which the first of them begins, at most 0.
    /// </summary>
    private IEnumerable<(bool Inside, long Length)> Column(List<long> runs, int run, long start, int height)
    {
        for (var (at, row) = (start, 0L); at < Height; run++)
        {
            at += runs[run];
            // The first row of the result that looks at row `at` or a later one: (2 y + 1) · Height ≥ 2 · height · at.
            var end = at >= Height ? height : (2L * height * at + Height - 1) / Height / 2;
            yield return (run % 2 == 1, end - row);
            row = end;
        }
    }

    private static List<long> Append(List<long> counts, IEnumerable<(bool Inside, long Length)> runs)
    {
        foreach (var (inside, length) in runs)
        {
            if (length == 0) continue;
            if (inside == (counts.Count % 2 == 0)) counts[^1] += length;
            else counts.Add(length);
        }
        return counts;
    }

    /// <summary>[height, width], true inside: a byte for each.</summary>
    /// <exception cref="InvalidDataException">More than <see cref="MaxPixels"/> pixels.</exception>
    public bool[,] Pixels()
    {
        if (TooLarge(Height, Width) is { } problem) throw new InvalidDataException(problem);
        var pixels = new bool[Height, Width];
        long at = 0;
        for (var i = 0; i < Counts.Count; at += Counts[i++])
            for (var p = at; i % 2 == 1 && p < at + Counts[i]; p++) pixels[p % Height, p / Height] = true;
        return pixels;
    }

    /// <summary>The runs of COCO's compressed text, or null when it is malformed: six bits a character from '0' on, the third run and later ones as differences to the one before last.</summary>
    public static IReadOnlyList<long>? Decompress(ReadOnlySpan<char> text)
    {
        var counts = new List<long>();
        for (var at = 0; at < text.Length;)
        {
            long value = 0;
            var shift = 0;
            bool more;
            do
            {
                if (at == text.Length || text[at] is < '0' or > 'o' || shift > 55) return null;
                var bits = (long)(text[at++] - '0');
                value |= (bits & 0x1f) << shift;
                shift += 5;
                more = (bits & 0x20) != 0;
                if (!more && (bits & 0x10) != 0) value |= -1L << shift;
            }
            while (more);
            // A difference of two runs of a picture is small; anything else is no mask, and must not overflow on the way.
            if (Math.Abs(value) > int.MaxValue * 2L) return null;
            if (counts.Count > 2) value += counts[^2];
            if (value < 0) return null;
            counts.Add(value);
        }
        return counts;
    }

    /// <summary>COCO's compressed text.</summary>
    public string Compress()
    {
        var text = new StringBuilder();
        for (var i = 0; i < Counts.Count; i++)
        {
            var value = i > 2 ? Counts[i] - Counts[i - 2] : Counts[i];
            bool more;
            do
            {
                var bits = (int)(value & 0x1f);
                value >>= 5;
                more = (bits & 0x10) != 0 ? value != -1 : value != 0;
                text.Append((char)((more ? bits | 0x20 : bits) + '0'));
            }
            while (more);
        }
        return text.ToString();
    }

    /// <summary>Why these are no mask, or null.</summary>
    internal static string? Problem(long height, long width, IReadOnlyList<long> counts)
    {
        if (height is < 1 or > int.MaxValue || width is < 1 or > int.MaxValue) return Invariant($"Expected a mask of at least 1 × 1 pixels, got {height} × {width}.");
        var (left, pixels) = (height * width, height * width);
        foreach (var count in counts)
        {
            if (count < 0 || count > left) return Invariant($"Expected runs from 0 up that fill {height} × {width} = {pixels} pixels, got {counts.Count} runs with {count} among them.");
            left -= count;
        }
        return left == 0 ? null : Invariant($"Expected runs that fill {height} × {width} = {pixels} pixels, got {pixels - left}.");
    }

    /// <summary>Why a mask of this size is no label, or null: runs cost nothing, but a picture of that size cannot be opened.</summary>
    internal static string? TooLarge(double height, double width) => height * width <= MaxPixels ? null
        : Invariant($"Expected a mask of at most {MaxPixels} pixels, as many as a picture may have, got {height} × {width}.");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A mask to be predicted as text.</summary>
/// <param name="Mask">The mask; no pixel inside means that nothing fits.</param>
public sealed record MaskTarget(RunLengthMask Mask) : Target
{
    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The mask would have more than <see cref="RunLengthMask.MaxPixels"/> pixels.</exception>
    public override Target Rescale(FrameScale scale)
    {
        var (height, width) = (Math.Max(1, Math.Round(Mask.Height * scale.Y)), Math.Max(1, Math.Round(Mask.Width * scale.X)));
        if ((height, width) == (Mask.Height, Mask.Width)) return new MaskTarget(Mask);
        // Before the sides become integers, which may not hold them.
        return RunLengthMask.TooLarge(height, width) is { } problem ? throw new InvalidDataException(problem)
            : new MaskTarget(Mask.Resize((int)height, (int)width));
    }

    /// <summary>COCO's object <c>{"size": [height, width], "counts": "…"}</c>, compressed.</summary>
    public override string Serialize(LabelFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (item, key) = (format.ItemSeparator, format.KeySeparator);
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"size"{{key}}[{{Mask.Height}}{{item}}{{Mask.Width}}]{{item}}"counts"{{key}}{{JsonText.Quote(Mask.Compress())}}}""");
    }
}
