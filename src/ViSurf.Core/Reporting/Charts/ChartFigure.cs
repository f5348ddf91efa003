using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Charts;

/// <summary>A chart with title, legend, drawing and numbers.</summary>
internal static class ChartFigure
{
    // One drawing fits a telephone and a third of a page alike, so that its type is about as large in both.
    private const int Width = 360, Height = 196, WideWidth = 760, WideHeight = 230;

    /// <summary>Writes the figure; nothing when there is nothing to draw.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="data">The chart.</param>
    /// <param name="wide">Whether it takes two columns where there are two; then it is drawn for both widths.</param>
    public static void Write(HtmlWriter html, ChartData data, bool wide = false)
    {
        if (data.IsEmpty) return;
        using (html.Of("figure", wide ? "chart wide" : "chart"))
        {
            using (html.Element("figcaption"))
            {
                html.Leaf("h3", data.Chart.Title);
                if (data.Chart.Meaning.Length > 0) html.Leaf("p", data.Chart.Meaning);
            }
            using (html.Of("ul", "legend"))
                foreach (var line in data.Lines) Entry(html, data, line);
            new ChartSvg(data, Width, Height).Write(html, wide ? "narrow" : null);
            if (wide) new ChartSvg(data, WideWidth, WideHeight).Write(html, "broad");
            ChartTable.Write(html, data);
        }
        html.Line();
    }

    private static void Entry(HtmlWriter html, ChartData data, ChartLine line)
    {
        using var item = html.Element("li");
        using (html.Element("svg", ("class", "key"), ("viewBox", "0 0 18 8"), ("aria-hidden", "true")))
        {
            if (data.Chart.Stacked) html.Empty("rect", ("class", $"area c{line.Colour}"), ("width", "18"), ("height", "8"));
            else html.Empty("path", ("class", $"line c{line.Colour}"), ("d", "M0 4H18"));
        }
        html.Leaf("span", line.Name, ("class", "data"));
        html.Leaf("b", ChartTable.Value(data.Latest(line), data.Chart.Unit));
    }
}
