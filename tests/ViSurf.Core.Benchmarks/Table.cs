using System.Globalization;

namespace ViSurf.Core.Benchmarks;

/// <summary>A small Markdown table with aligned columns: readable in a terminal, pastes into a document.</summary>
internal sealed class Table(params string[] header)
{
    private readonly List<string[]> _rows = [header];

    public void Add(params object[] cells) => _rows.Add([.. cells.Select(Cell)]);

    public override string ToString()
    {
        var widths = Enumerable.Range(0, header.Length).Select(c => _rows.Max(row => row[c].Length)).ToArray();
        string Line(string[] row) => "| " + string.Join(" | ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))) + " |";
        var rule = "|" + string.Join("|", widths.Select((w, c) => c == 0 ? new string('-', w + 2) : new string('-', w + 1) + ":")) + "|";
        return string.Join(Environment.NewLine, [Line(header), rule, .. _rows.Skip(1).Select(Line)]);
    }

    private static string Cell(object value) => value switch
    {
        double d => d.ToString(Math.Abs(d) < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };
}
