using System.Globalization;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting;

/// <summary>The page, from top to bottom.</summary>
internal sealed class ReportPage(HtmlReportOptions options, RunRecord run)
{
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
    private static readonly Lazy<string> Css = new(ReadCss);
    private readonly HtmlWriter _html = new();

    public string Write()
    {
        using (_html.Element("html", ("xmlns", "http://www.w3.org/1999/xhtml"), ("lang", "en")))
        {
            Head();
            _html.Line();
            using (_html.Element("body")) Body();
        }
        return "<!DOCTYPE html>\n" + _html + "\n";
    }

    private void Head()
    {
        using var head = _html.Element("head");
        _html.Empty("meta", ("charset", "utf-8"));
        // Nothing from elsewhere and no script: a report is opened where it lies, beside private data.
        _html.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", Policy));
        _html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
        _html.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
        _html.Empty("meta", ("name", "generator"), ("content", "ViSurf.Core"));
        _html.Leaf("title", $"{HtmlText.Shortened(options.Name, 200)} · {Progress()}");
        _html.Style(Css.Value);
    }

    private void Body()
    {
        var steps = run.Steps.Stretches;
        var keys = steps.SelectMany(s => s.Value.Keys).Distinct().ToArray();
        var sections = new List<(string Id, string Title, Action Write)>();
        if (run.Warnings.All.Any()) sections.Add(("warnings", "Warnings", Warnings));
        if (steps.Count > 0) sections.Add(("curves", "Curves", () => Charts(steps, [ChartPlan.Rewards, .. ChartPlan.Learning], firstIsWide: true, isFirst: true)));
        if (ChartPlan.Components(keys).Any()) sections.Add(("rewards", "Rewards one by one", () => Charts(steps, ChartPlan.Components(keys))));
        if (ChartPlan.Metrics(keys).Any()) sections.Add(("objective", "Objective", () => Charts(steps, ChartPlan.Metrics(keys))));
        if (run.Evaluation.Stretches.Count > 0) sections.Add(("evaluation", "Evaluation", () => Charts(run.Evaluation.Stretches, ChartPlan.Evaluation(run.Evaluation.Stretches), firstIsWide: true)));
        if (options.Groups > 0 && run.Gallery.Chosen().Count > 0) sections.Add(("groups", "Groups", Groups));
        if (steps.Count > 0) sections.Add(("time", keys.Contains(StepNumbers.HostMemory) ? "Time and memory" : "Time", () => Time(steps)));
        if (options.Settings.Count > 0) sections.Add(("settings", "Settings", Settings));

        Header();
        using (_html.Element("nav", ("aria-label", "Sections")))
            foreach (var (id, title, _) in sections) _html.Leaf("a", title, ("href", "#" + id));
        using (_html.Element("main"))
        {
            Tiles.Write(_html, run);
            foreach (var (id, title, write) in sections) Section(id, title, write);
        }
        _html.Leaf("footer", "Written by ViSurf.Core. This page is one file, without scripts and without anything from elsewhere.");
    }

    private void Section(string id, string title, Action write)
    {
        using (_html.Element("section", ("id", id)))
        {
            _html.Leaf("h2", title);
            write();
        }
        _html.Line();
    }

    private void Header()
    {
        using var header = _html.Element("header", ("class", "top"));
        _html.Leaf("h1", HtmlText.Shortened(options.Name, 200), ("class", "data"));
        using (_html.Of("p", "state " + run.State))
        {
            _html.Leaf("b", run.State);
            _html.Leaf("span", Progress());
            if (run.Totals.Steps > 0) _html.Leaf("span", ReportNumber.Duration(run.Totals.Times.Total) + " in steps");
            _html.Leaf("span", $"started {Moment(run.Started)}");
            _html.Leaf("span", $"written {Moment(options.Clock.GetUtcNow())}");
        }
        if (run.Why is { } why) _html.Leaf("p", HtmlText.Shortened(why, 2000), ("class", "why data"));
        if (options.Steps is not { } all || run.Latest is not { } latest) return;
        using var bar = _html.Element("svg", ("class", "progress"), ("viewBox", "0 0 100 1"), ("preserveAspectRatio", "none"), ("aria-hidden", "true"));
        _html.Empty("rect", ("width", "100"), ("height", "1"), ("class", "all"));
        _html.Empty("rect", ("width", ReportNumber.Coordinate(Math.Min(100, 100.0 * (latest + 1) / all))), ("height", "1"), ("class", "done"));
    }

    /// <summary>Step indices begin at 0, so after index 9 ten steps are done.</summary>
    private string Progress() => run.Latest is not { } latest ? "before the first step"
        : options.Steps is { } all ? $"{ReportNumber.Whole(latest + 1)} of {ReportNumber.Whole(all)} steps" : $"{ReportNumber.Whole(latest + 1)} steps";

    private void Charts(IReadOnlyList<Stretch<IReadOnlyDictionary<string, Spread>>> steps, IEnumerable<Chart> charts, bool firstIsWide = false, bool isFirst = false)
    {
        if (isFirst) _html.Leaf("p", "Where a line jumps from step to step it is faint, and a strong line is its mean over a tenth of the run. Point at a chart for its numbers.", ("class", "note"));
        using var grid = _html.Of("div", "charts");
        var wide = firstIsWide;
        foreach (var chart in charts)
        {
            ChartFigure.Write(_html, new ChartData(chart, steps), wide);
            wide = false;
        }
    }

    private void Warnings()
    {
        const int first = 5;
        var all = run.Warnings.All.ToArray();
        Warnings(all.Take(first));
        if (all.Length > first)
            using (_html.Element("details"))
            {
                _html.Leaf("summary", ReportNumber.Counted(all.Length - first, "earlier warning", "earlier warnings"));
                Warnings(all.Skip(first));
            }
        if (run.Warnings.Dropped > 0) _html.Leaf("p", ReportNumber.Counted(run.Warnings.Dropped, "further warning is", "further warnings are") + " not kept.", ("class", "note"));
    }

    private void Warnings(IEnumerable<RunWarning> warnings)
    {
        using var list = _html.Of("ul", "warnings");
        foreach (var warning in warnings)
            using (_html.Element("li"))
            {
                _html.Leaf("span", HtmlText.Shortened(warning.Text, 500), ("class", "data"));
                if (warning.First is { } first) _html.Leaf("small", warning.Times == 1 ? $"step {ReportNumber.Whole(first)}" : $"{ReportNumber.Whole(warning.Times)} times, steps {ChartTable.Steps(first, warning.Last ?? first)}");
                else if (warning.Times > 1) _html.Leaf("small", $"{ReportNumber.Whole(warning.Times)} times");
            }
    }

    private void Groups()
    {
        using (_html.Of("p", "note legend-of-groups"))
        {
            _html.Text("Dashed: the label. ");
            _html.Leaf("b", "Gains", ("class", "gains")).Text(" and ").Leaf("b", "loses", ("class", "loses")).Text(": completions that the step made more and less likely; ");
            _html.Leaf("b", "even", ("class", "even")).Text(": neither. Numbers with an arrow were changed by reward control. Shown are groups whose completions differ, the latest first.");
        }
        // The gallery gets the room that everything else leaves.
        var (_, leftOut) = run.Gallery.Write(_html, options.MostBytes - _html.Bytes - AfterGallery);
        if (leftOut > 0) _html.Leaf("p", ReportNumber.Counted(leftOut, "further group", "further groups") + $" would have made the file larger than {ReportNumber.Whole(options.MostBytes)} bytes.", ("class", "note"));
    }

    private int AfterGallery
    {
        get
        {
            var rest = new ReportPage(options, run);
            rest.Time(run.Steps.Stretches);
            if (options.Settings.Count > 0) rest.Settings();
            return rest._html.Bytes + 2000;
        }
    }

    private void Time(IReadOnlyList<Stretch<IReadOnlyDictionary<string, Spread>>> steps)
    {
        var (times, totals) = (run.Totals.Times, run.Totals);
        using (_html.Of("div", "charts"))
        {
            using (_html.Of("figure", "chart"))
            {
                using (_html.Element("figcaption"))
                {
                    _html.Leaf("h3", "All steps");
                    _html.Leaf("p", $"{ReportNumber.Whole(totals.Steps)} steps, {ReportNumber.Whole(totals.PromptTokens)} prompt and {ReportNumber.Whole(totals.CompletionTokens)} completion tokens.");
                }
                using (_html.Of("table", "times"))
                {
                    using (_html.Element("thead"))
                    using (_html.Element("tr"))
                        foreach (var title in new[] { "Phase", "Time", "Share", "A step" }) _html.Leaf("th", title, ("scope", "col"));
                    using (_html.Element("tbody"))
                        foreach (var (name, seconds) in new[] { ("encode", times.Encode), ("roll out", times.Rollout), ("judge", times.Reward), ("update", times.Update), ("all", times.Total) })
                            using (_html.Element("tr"))
                            {
                                _html.Leaf("th", name, ("scope", "row")).Leaf("td", ReportNumber.Duration(seconds));
                                _html.Leaf("td", ReportNumber.Share(times.Total > 0 ? seconds / times.Total : null)).Leaf("td", ReportNumber.Duration(seconds / Math.Max(1, totals.Steps)));
                            }
                }
            }
            foreach (var chart in ChartPlan.Time) ChartFigure.Write(_html, new ChartData(chart, steps));
        }
    }

    private void Settings()
    {
        const int most = 100;
        using (_html.Of("dl", "settings"))
            foreach (var (name, value) in options.Settings.Take(most))
                using (_html.Element("div"))
                    _html.Leaf("dt", HtmlText.Shortened(name, 200), ("class", "data")).Leaf("dd", HtmlText.Shortened(value, 500), ("class", "data"));
        if (options.Settings.Count > most) _html.Leaf("p", ReportNumber.Counted(options.Settings.Count - most, "further setting is", "further settings are") + " not shown.", ("class", "note"));
    }

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    private static string ReadCss()
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("ViSurf.Core.Reporting.report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
