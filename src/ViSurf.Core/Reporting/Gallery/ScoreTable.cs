using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>The completions of a group side by side: components, total and advantage, as numbers and as bars.</summary>
internal static class ScoreTable
{
    public static void Write(HtmlWriter html, GroupView group)
    {
        var largest = group.Completions.Select(c => Math.Abs(c.Advantage ?? 0)).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        using var scroll = html.Element("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "Rewards of the group"));
        using var table = html.Of("table", "scores");
        using (html.Element("thead"))
        using (html.Element("tr"))
        {
            html.Leaf("th", "", ("scope", "col"), ("aria-label", "Completion"));
            html.Leaf("th", "advantage", ("scope", "col"), ("colspan", "2"));
            html.Leaf("th", "total", ("scope", "col"));
            foreach (var name in group.Components) html.Leaf("th", HtmlText.Shortened(name, 40), ("scope", "col"), ("class", "data"));
        }
        using var body = html.Element("tbody");
        for (var i = 0; i < group.Completions.Count; i++) Row(html, group.Completions[i], i, largest);
    }

    private static void Row(HtmlWriter html, CompletionView completion, int index, double largest)
    {
        using var tr = html.Element("tr", ("class", $"{completion.Sign} a{index}"));
        using (html.Element("th", ("scope", "row"))) html.Leaf("b", completion.Name(index), ("class", "badge"));
        html.Leaf("td", completion.Advantage is { } advantage ? ReportNumber.Change(advantage) : ReportNumber.None, ("class", "advantage"));
        using (html.Of("td", "bar")) Bar(html, completion.Advantage ?? 0, largest);
        html.Leaf("td", Now(completion.Total), ("class", "total"));
        foreach (var component in completion.Components) html.Leaf("td", Now(component));
    }

    /// <summary>The number that counts and, when control changed it, what it was.</summary>
    private static string Now(Change number)
        => Equals(number.Before, number.After) ? ReportNumber.Fixed(number.After, 2) : $"{ReportNumber.Fixed(number.Before, 2)} → {ReportNumber.Fixed(number.After, 2)}";

    private static void Bar(HtmlWriter html, double advantage, double largest)
    {
        var length = largest > 0 && double.IsFinite(advantage) ? 30 * Math.Abs(advantage) / largest : 0;
        using var svg = html.Element("svg", ("viewBox", "0 0 64 10"), ("aria-hidden", "true"));
        html.Empty("line", ("x1", "32"), ("x2", "32"), ("y1", "0"), ("y2", "10"));
        if (length > 0) html.Empty("rect", ("x", ReportNumber.Coordinate(advantage < 0 ? 32 - length : 32)), ("y", "2"), ("height", "6"), ("width", ReportNumber.Coordinate(length)));
    }
}
