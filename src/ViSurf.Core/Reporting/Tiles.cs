using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting;

/// <summary>The few numbers one looks at first: where they stand and where they came from.</summary>
internal static class Tiles
{
    public static void Write(HtmlWriter html, RunRecord run)
    {
        var steps = run.Steps.Stretches;
        if (steps.Count == 0) return;
        using var tiles = html.Of("div", "tiles");
        Tile(html, "Reward of rollouts", steps, StepNumbers.Reward, ReportNumber.Text);
        Tile(html, "Labels in use", steps, StepNumbers.Used, ReportNumber.Share);
        foreach (var name in run.Evaluation.Stretches.SelectMany(s => s.Value.Keys).Distinct().Take(2))
            Measure(html, name, [.. run.Evaluation.Stretches.Where(s => s.Value.ContainsKey(name)).Select(s => s.Value[name].Mean).OfType<double>()]);
        Tile(html, "A step takes", run);
    }

    /// <summary>The last tenth of the run against the first.</summary>
    private static void Tile(HtmlWriter html, string title, IReadOnlyList<Stretch<IReadOnlyDictionary<string, Spread>>> steps, string key, Func<double?, string> text)
    {
        var numbers = steps.Where(s => s.Value.ContainsKey(key)).Select(s => s.Value[key].Mean).OfType<double>().ToArray();
        if (numbers.Length == 0) return;
        var some = Math.Max(1, numbers.Length / 10);
        Write(html, title, text(numbers[^some..].Average()), numbers.Length < 2 ? "" : $"last tenth; {text(numbers[..some].Average())} in the first");
    }

    private static void Measure(HtmlWriter html, string name, double[] numbers)
    {
        if (numbers.Length == 0) return;
        Func<double?, string> text = numbers.All(n => n is >= 0 and <= 1) ? ReportNumber.Share : ReportNumber.Text;
        Write(html, HtmlText.Shortened(name, 60) + ", held out", text(numbers[^1]), numbers.Length < 2 ? "" : $"from {text(numbers[0])}");
    }

    private static void Tile(HtmlWriter html, string title, RunRecord run)
    {
        var seconds = run.Totals.Times.Total;
        var speed = seconds > 0 ? (run.Totals.PromptTokens + run.Totals.CompletionTokens) / seconds : 0;
        Write(html, title, ReportNumber.Duration(seconds / Math.Max(1, run.Totals.Steps)), $"{ReportNumber.Whole((long)speed)} tokens per second");
    }

    private static void Write(HtmlWriter html, string title, string number, string beside)
    {
        using var tile = html.Of("div", "tile");
        html.Leaf("h3", title, ("class", "data")).Leaf("b", number).Leaf("small", beside);
    }
}
