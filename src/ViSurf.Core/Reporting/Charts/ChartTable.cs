using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Charts;

/// <summary>The numbers of a chart as a table: for who wants to read or copy them, or cannot see the drawing.</summary>
internal static class ChartTable
{
    public static void Write(HtmlWriter html, ChartData data)
    {
        using var details = html.Of("details", "numbers");
        html.Leaf("summary", data.Rows.Any(row => row.Count > 1) ? "Numbers, means of several steps each" : "Numbers");
        using var scroll = html.Element("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", data.Chart.Title + ", numbers"));
        using var table = html.Element("table");
        html.Leaf("caption", data.Chart.Title);
        using (html.Element("thead"))
        using (html.Element("tr"))
        {
            html.Leaf("th", data.Chart.Over, ("scope", "col"));
            foreach (var line in data.Lines)
            {
                html.Leaf("th", line.Name, ("scope", "col"));
                if (line.Around is not null) html.Leaf("th", "± deviation", ("scope", "col"));
            }
        }
        using var body = html.Element("tbody");
        for (var row = 0; row < data.Rows.Length; row++) Row(html, data, row);
    }

    /// <summary>A step, or the first and the last of several.</summary>
    public static string Steps(long first, long last)
        => first == last ? ReportNumber.Whole(first) : $"{ReportNumber.Whole(first)} to {ReportNumber.Whole(last)}";

    /// <summary>A number in the chart's unit.</summary>
    public static string Value(double? value, ChartUnit unit) => unit switch
    {
        ChartUnit.Share => ReportNumber.Share(value),
        ChartUnit.Seconds when value is { } seconds => ReportNumber.Duration(seconds),
        _ => ReportNumber.Text(value),
    };

    private static void Row(HtmlWriter html, ChartData data, int row)
    {
        using var tr = html.Element("tr");
        html.Leaf("th", Steps(data.Rows[row].First, data.Rows[row].Last), ("scope", "row"));
        foreach (var line in data.Lines)
        {
            html.Leaf("td", Value(data[row, line].Mean, data.Chart.Unit));
            if (line.Around is not null) html.Leaf("td", Value(data.Around(row, line), data.Chart.Unit));
        }
    }
}
