using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>The completions of a group side by side: components, total and advantage, as numbers and as bars.</summary>
internal static class ScoreTable
{
    private const int MostComponents = 12;

    public static void Write(HtmlWriter html, Judged[] shown)
    {
        var names = shown.SelectMany(j => j.Scored.Components).Select(c => c.Name).Distinct().Where(name => shown.Any(j => j.Scored.Find(name)?.Value is not null)).Take(MostComponents).ToArray();
        var largest = shown.Select(j => Math.Abs(j.Advantage ?? 0)).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        using var scroll = html.Element("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "Rewards of the group"));
        using var table = html.Of("table", "scores");
        using (html.Element("thead"))
        using (html.Element("tr"))
        {
            html.Leaf("th", "", ("scope", "col"), ("aria-label", "Completion"));
            html.Leaf("th", "advantage", ("scope", "col"), ("colspan", "2"));
            html.Leaf("th", "total", ("scope", "col"));
            foreach (var name in names) html.Leaf("th", HtmlText.Shortened(name, 40), ("scope", "col"), ("class", "data"));
        }
        using var body = html.Element("tbody");
        for (var i = 0; i < shown.Length; i++) Row(html, shown[i], i, names, largest);
    }

    private static void Row(HtmlWriter html, Judged judged, int index, string[] names, double largest)
    {
        using var tr = html.Element("tr", ("class", $"{(judged.IsLabel ? "truth" : GroupCard.Sign(judged))} a{index}"));
        using (html.Element("th", ("scope", "row"))) html.Leaf("b", GroupCard.Name(judged, index), ("class", "badge"));
        html.Leaf("td", judged.Advantage is { } advantage ? ReportNumber.Change(advantage) : ReportNumber.None, ("class", "advantage"));
        using (html.Of("td", "bar")) Bar(html, judged.Advantage ?? 0, largest);
        var after = judged.Controlled ?? judged.Scored;
        html.Leaf("td", Now(judged.Scored.Total, after.Total), ("class", "total"));
        foreach (var name in names) html.Leaf("td", Now(judged.Scored.Find(name)?.Value, after.Find(name)?.Value));
    }

    /// <summary>The number that counts and, when control changed it, what it was.</summary>
    private static string Now(double? before, double? after)
        => Equals(before, after) ? ReportNumber.Fixed(after, 2) : $"{ReportNumber.Fixed(before, 2)} → {ReportNumber.Fixed(after, 2)}";

    private static void Bar(HtmlWriter html, double advantage, double largest)
    {
        var length = largest > 0 && double.IsFinite(advantage) ? 30 * Math.Abs(advantage) / largest : 0;
        using var svg = html.Element("svg", ("viewBox", "0 0 64 10"), ("aria-hidden", "true"));
        html.Empty("line", ("x1", "32"), ("x2", "32"), ("y1", "0"), ("y2", "10"));
        if (length > 0) html.Empty("rect", ("x", ReportNumber.Coordinate(advantage < 0 ? 32 - length : 32)), ("y", "2"), ("height", "6"), ("width", ReportNumber.Coordinate(length)));
    }
}
