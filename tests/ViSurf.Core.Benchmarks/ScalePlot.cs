using ScottPlot;

namespace ViSurf.Core.Benchmarks;

/// <summary>A picture of the scale command: one panel a sweep, both axes logarithmic.</summary>
internal static class ScalePlot
{
    private const int PanelWidth = 520, Height = 420;

    public static void Save(IReadOnlyDictionary<string, ScalePoint[]> sweeps, string file)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(sweeps.Count);
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Columns();
        foreach (var (plot, (sweep, points)) in multiplot.GetPlots().Zip(sweeps)) Draw(plot, sweep, points);
        multiplot.SavePng(file, PanelWidth * sweeps.Count, Height);
    }

    private static void Draw(Plot plot, string sweep, ScalePoint[] points)
    {
        var sizes = points.Select(p => Math.Log10(p.Size)).ToArray();
        void Line(string name, Func<ScalePoint, double> of, Color color, LinePattern? pattern = null)
        {
            var line = plot.Add.Scatter(sizes, points.Select(p => Math.Log10(of(p))).ToArray());
            (line.LegendText, line.Color, line.LineWidth, line.LinePattern, line.MarkerSize) = (name, color, 2, pattern ?? LinePattern.Solid, pattern is null ? 6 : 0);
        }

        var first = points[0];
        Line("step", p => p.Step, Colors.SteelBlue);
        Line("update", p => p.Update, Colors.SeaGreen);
        // What the step would cost if it grew with the tokens, from the first point on.
        Line("as distinct tokens", p => first.Step * p.Tokens / first.Tokens, Colors.Gray, LinePattern.Dashed);
        Line("as replicated tokens", p => first.Step * p.ReplicatedTokens / first.ReplicatedTokens, Colors.DarkOrange, LinePattern.Dotted);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. sizes], [.. points.Select(p => $"{p.Size}")]);
        plot.Axes.Left.TickGenerator = Decades();
        plot.Title($"a step against {sweep} size");
        plot.XLabel(sweep == "group" ? "rollouts per prompt" : $"{sweep} tokens");
        plot.YLabel("seconds");
        plot.ShowLegend(Alignment.UpperLeft);
    }

    private static ScottPlot.TickGenerators.NumericManual Decades()
    {
        double[] seconds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];
        return new([.. seconds.Select(Math.Log10)], [.. seconds.Select(s => FormattableString.Invariant($"{s}"))]);
    }
}
