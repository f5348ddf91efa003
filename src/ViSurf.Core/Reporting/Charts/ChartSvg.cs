using System.Globalization;
using System.Text;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Charts;

/// <summary>A chart as a drawing: grid, marks, bands, lines, and over each step an invisible column that shows its numbers.</summary>
/// <param name="data">What to draw.</param>
/// <param name="width">Of the drawing, in its own units: type is 11 of them.</param>
/// <param name="height">As <paramref name="width"/>.</param>
internal sealed class ChartSvg(ChartData data, int width, int height)
{
    private const int Left = 46, Right = 10, Top = 8, Bottom = 24, MostMarked = 40;

    public void Write(HtmlWriter html, string? type = null)
    {
        using var svg = html.Element("svg", ("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}")), ("class", type is null ? "plot" : "plot " + type),
            ("role", "img"), ("aria-label", Summary()));
        Grid(html);
        for (var i = 0; i < data.Lines.Length; i++)
        {
            if (data.Chart.Stacked) html.Empty("path", ("class", $"area c{data.Lines[i].Colour}"), ("d", Area(i)));
            else Line(html, data.Lines[i]);
        }
        using (html.Of("g", "hover"))
            for (var row = 0; row < data.Rows.Length; row++)
                Column(html, row);
    }

    /// <summary>In words, for who does not see it.</summary>
    private string Summary()
        => $"{data.Chart.Title}: " + string.Join("; ", data.Lines.Select(line =>
            $"{line.Name} {Value(Enumerable.Range(0, data.Rows.Length).Select(row => data[row, line].Mean).First(mean => mean is not null))} at first, {Value(data.Latest(line))} at last"));

    private void Grid(HtmlWriter html)
    {
        using var grid = html.Of("g", "grid");
        foreach (var tick in data.Y.Ticks)
        {
            var y = Y(tick);
            html.Empty("line", ("x1", N(Left)), ("x2", N(width - Right)), ("y1", y), ("y2", y), ("class", tick == data.Y.Low ? "base" : null));
            html.Leaf("text", data.Y.Text(tick), ("x", N(Left - 6)), ("y", y), ("dy", "0.32em"), ("class", "y"));
        }
        foreach (var tick in data.X.Ticks)
            html.Leaf("text", ReportNumber.Whole((long)tick), ("x", X(tick)), ("y", N(height - 6)), ("class", Anchor(data.X.At(tick))));
    }

    private void Line(HtmlWriter html, ChartLine line)
    {
        var rows = Enumerable.Range(0, data.Rows.Length);
        var means = rows.Select(row => data[row, line].Mean).ToArray();
        var quiet = data.Chart.Marked ? null : RunningMean.Of(means);
        if (line.Around is not null)
        {
            double?[] around = [.. rows.Select(row => means[row] is null ? (double?)null : data.Around(row, line))];
            var (middle, reach) = quiet is null ? (means, around) : (quiet, RunningMean.Over(around));
            html.Empty("path", ("class", $"band c{line.Colour}"), ("d", Band(line, row => middle[row]!.Value + reach[row]!.Value, row => middle[row]!.Value - reach[row]!.Value)));
        }
        else if (data.Rows.Any(row => row.Count > 1))
        {
            html.Empty("path", ("class", $"range c{line.Colour}"), ("d", Band(line, row => data[row, line].Most, row => data[row, line].Least)));
        }
        html.Empty("path", ("class", $"{(quiet is null ? "line" : "raw")} c{line.Colour}"), ("d", Path(means)));
        if (quiet is not null) html.Empty("path", ("class", $"line c{line.Colour}"), ("d", Path(quiet)));
        for (var row = 0; row < data.Rows.Length; row++)
            if (data[row, line].Mean is { } mean && (Lonely(row, line) || (data.Chart.Marked && data.Rows.Length <= MostMarked)))
                html.Empty("circle", ("class", $"mark c{line.Colour}"), ("cx", X(data.Step(row))), ("cy", Y(mean)), ("r", "2.6"));
    }

    /// <summary>A line has to have two ends to be seen.</summary>
    private bool Lonely(int row, ChartLine line)
        => (row == 0 || data[row - 1, line].Count == 0) && (row == data.Rows.Length - 1 || data[row + 1, line].Count == 0);

    private string Path(double?[] values)
    {
        var path = new StringBuilder();
        var pen = false;
        for (var row = 0; row < data.Rows.Length; row++)
        {
            if (values[row] is not { } value)
            {
                pen = false;
                continue;
            }
            path.Append(pen ? 'L' : 'M').Append(X(data.Step(row))).Append(' ').Append(Y(value));
            pen = true;
        }
        return path.ToString();
    }

    /// <summary>One closed outline for each run of rows that have a number.</summary>
    private string Band(ChartLine line, Func<int, double> high, Func<int, double> low)
    {
        var path = new StringBuilder();
        var run = new List<int>();
        for (var row = 0; row <= data.Rows.Length; row++)
        {
            if (row < data.Rows.Length && data[row, line].Count > 0)
            {
                run.Add(row);
                continue;
            }
            Outline(path, run, high, low);
            run.Clear();
        }
        return path.ToString();
    }

    private string Area(int index)
    {
        var path = new StringBuilder();
        Outline(path, [.. Enumerable.Range(0, data.Rows.Length)], row => data.Stack(row, index + 1), row => data.Stack(row, index));
        return path.ToString();
    }

    private void Outline(StringBuilder path, List<int> rows, Func<int, double> high, Func<int, double> low)
    {
        if (rows.Count == 0) return;
        // A single row has no width of its own.
        var points = rows.Count > 1 ? rows.Select(row => (X: data.X.At(data.Step(row)), Row: row)).ToArray() : [(data.X.At(data.Step(rows[0])) - 0.01, rows[0]), (data.X.At(data.Step(rows[0])) + 0.01, rows[0])];
        path.Append('M').AppendJoin('L', points.Select(p => At(p.X, high(p.Row))));
        path.Append('L').AppendJoin('L', points.Reverse().Select(p => At(p.X, low(p.Row)))).Append('Z');

        string At(double x, double y) => N(Left + x * (width - Left - Right)) + " " + Y(y);
    }

    private void Column(HtmlWriter html, int row)
    {
        var (from, to) = (Edge(row - 1, row), Edge(row, row + 1));
        using var column = html.Of("g", "at");
        html.Leaf("title", Words(row));
        html.Empty("rect", ("x", N(from)), ("y", N(Top)), ("width", N(Math.Max(1, to - from))), ("height", N(height - Top - Bottom)));
        var x = X(data.Step(row));
        html.Empty("line", ("x1", x), ("x2", x), ("y1", N(Top)), ("y2", N(height - Bottom)));
        foreach (var line in data.Lines)
            if (data[row, line].Mean is { } mean && !data.Chart.Stacked) html.Empty("circle", ("class", $"c{line.Colour}"), ("cx", x), ("cy", Y(mean)), ("r", "3.2"));
    }

    /// <summary>Half way between two rows; at the ends the frame's edge.</summary>
    private double Edge(int before, int after)
        => before < 0 ? Left : after == data.Rows.Length ? width - Right
            : Left + (data.X.At(data.Step(before)) + data.X.At(data.Step(after))) / 2 * (width - Left - Right);

    private string Words(int row)
    {
        var words = new StringBuilder(data.Chart.Over).Append(' ').Append(ChartTable.Steps(data.Rows[row].First, data.Rows[row].Last));
        foreach (var line in data.Lines)
        {
            words.Append('\n').Append(line.Name).Append(": ").Append(Value(data[row, line].Mean));
            if (line.Around is not null) words.Append(" ± ").Append(Value(data.Around(row, line)));
        }
        return words.ToString();
    }

    private string Value(double? value) => ChartTable.Value(value, data.Chart.Unit);

    private string X(double step) => N(Left + data.X.At(step) * (width - Left - Right));

    private string Y(double value) => N(height - Bottom - Math.Clamp(data.Y.At(value), 0, 1) * (height - Top - Bottom));

    private static string Anchor(double at) => at < 0.02 ? "x first" : at > 0.98 ? "x last" : "x";

    private static string N(double value) => ReportNumber.Coordinate(value);
}
