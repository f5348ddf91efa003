using System.Globalization;
using System.Text;
using ViSurf.Core.Data;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>The border of a mask as a path of horizontal and vertical strokes, holes included: small enough for a page, whatever the mask's size.</summary>
internal static class MaskOutline
{
    private const int FinestGrid = 128, CoarsestGrid = 8, MostText = 4000;
    private const long MostPixels = 100_000_000;

    /// <summary>The path in the mask's own pixels.</summary>
    /// <returns>Empty for a mask without pixels, and for one of a size that no picture has.</returns>
    public static string Of(RunLengthMask mask)
    {
        if ((long)mask.Width * mask.Height > MostPixels || mask.Area == 0) return "";
        var cell = (Math.Max(mask.Width, mask.Height) + FinestGrid - 1) / FinestGrid;
        while (true)
        {
            var path = Trace(Cells(mask, cell), mask, cell);
            // Speckles are nobody's object; a coarser look at them fits the page.
            if (path.Length <= MostText || Math.Max(mask.Width, mask.Height) / cell <= CoarsestGrid) return path;
            cell *= 2;
        }
    }

    /// <summary>[columns + 2, rows + 2], a border of nothing around: cells that are inside by half; where the mask is too thin for any, those it touches.</summary>
    private static bool[,] Cells(RunLengthMask mask, int cell)
    {
        var (columns, rows) = ((mask.Width + cell - 1) / cell, (mask.Height + cell - 1) / cell);
        var pixels = new long[columns, rows];
        long at = 0;
        for (var i = 0; i < mask.Counts.Count; at += mask.Counts[i++])
            for (long p = at, end = at + mask.Counts[i]; i % 2 == 1 && p < end;)
            {   // As much of the run as lies in one column and one cell.
                var (x, y) = (p / mask.Height, p % mask.Height);
                var next = Math.Min(end, p - y + Math.Min(mask.Height, (y / cell + 1) * cell));
                pixels[x / cell, y / cell] += next - p;
                p = next;
            }
        var cells = new bool[columns + 2, rows + 2];
        var any = false;
        for (var x = 0; x < columns; x++)
            for (var y = 0; y < rows; y++)
            {
                var size = (long)Math.Min(cell, mask.Width - x * cell) * Math.Min(cell, mask.Height - y * cell);
                any |= cells[x + 1, y + 1] = 2 * pixels[x, y] >= size;
            }
        for (var x = 0; !any && x < columns; x++)
            for (var y = 0; y < rows; y++) cells[x + 1, y + 1] = pixels[x, y] > 0;
        return cells;
    }

    private static string Trace(bool[,] cells, RunLengthMask mask, int cell)
    {
        // From each corner to the next, with the inside to the right; where two borders touch at a corner it has two ways on.
        var edges = new Dictionary<(int X, int Y), List<(int X, int Y)>>();
        for (var x = 1; x < cells.GetLength(0) - 1; x++)
            for (var y = 1; y < cells.GetLength(1) - 1; y++)
            {
                if (!cells[x, y]) continue;
                if (!cells[x, y - 1]) Add((x, y), (x + 1, y));
                if (!cells[x + 1, y]) Add((x + 1, y), (x + 1, y + 1));
                if (!cells[x, y + 1]) Add((x + 1, y + 1), (x, y + 1));
                if (!cells[x - 1, y]) Add((x, y + 1), (x, y));
            }
        var path = new StringBuilder();
        foreach (var start in edges.Keys.ToArray())
            while (edges[start].Count > 0) Loop(start);
        return path.ToString();

        void Add((int X, int Y) from, (int X, int Y) to)
        {
            if (edges.TryGetValue(from, out var ways)) ways.Add(to);
            else edges.Add(from, [to]);
        }

        void Loop((int X, int Y) start)
        {
            var (at, was) = (start, (X: 0, Y: 0));
            path.Append('M').Append(N(start.X, mask.Width)).Append(' ').Append(N(start.Y, mask.Height));
            do
            {
                var ways = edges[at];
                // To the right where there is a choice: so touching parts stay apart.
                var next = ways.Count == 1 ? ways[0] : ways.First(way => (way.X - at.X, way.Y - at.Y) == (-was.Y, was.X));
                ways.Remove(next);
                was = (next.X - at.X, next.Y - at.Y);
                at = next;
                // A stroke ends where the way turns.
                if (at != start && edges[at] is [var on] && (on.X - at.X, on.Y - at.Y) == was) continue;
                if (at != start) path.Append(was.X != 0 ? 'H' + N(at.X, mask.Width) : 'V' + N(at.Y, mask.Height));
            }
            while (at != start);
            path.Append('Z');
        }

        string N(int corner, int most) => Math.Min((corner - 1) * cell, most).ToString(CultureInfo.InvariantCulture);
    }
}
