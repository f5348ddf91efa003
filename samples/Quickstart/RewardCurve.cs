using ScottPlot;

namespace Quickstart;

/// <summary>One step as the progress bar and the curve show it.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Rollouts">Mean reward of what the policy wrote.</param>
/// <param name="Label">Mean reward of the labels, as scored (before reward control).</param>
internal sealed record StepPoint(int Step, double Rollouts, double Label);

/// <summary>Draws the rewards over the steps.</summary>
internal static class RewardCurve
{
    private const int Window = 8;

    public static void Save(IReadOnlyList<StepPoint> points, string file)
    {
        using var plot = new Plot();
        var steps = points.Select(p => (double)p.Step).ToArray();
        var rollouts = points.Select(p => p.Rollouts).ToArray();

        var raw = plot.Add.Scatter(steps, rollouts);
        (raw.LineWidth, raw.MarkerSize, raw.Color, raw.LegendText) = (1, 3, Colors.SteelBlue.WithAlpha(0.35), "rollouts, each step");
        var smooth = plot.Add.ScatterLine(steps, Smooth(rollouts));
        (smooth.LineWidth, smooth.Color, smooth.LegendText) = (3, Colors.SteelBlue, $"rollouts, mean of {Window} steps");
        var label = plot.Add.ScatterLine(steps, points.Select(p => p.Label).ToArray());
        (label.LineWidth, label.Color, label.LinePattern, label.LegendText) = (2, Colors.DarkOrange, LinePattern.Dashed, "label");

        plot.Title("Reward of rollouts and label");
        plot.XLabel("step");
        plot.YLabel("reward");
        plot.ShowLegend(Alignment.LowerRight);
        plot.SavePng(file, 900, 500);
    }

    private static double[] Smooth(double[] values)
        => values.Select((_, i) => values[Math.Max(0, i - Window + 1)..(i + 1)].Average()).ToArray();
}
