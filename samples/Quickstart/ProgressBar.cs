using Spectre.Console;

namespace Quickstart;

/// <summary>A bar that moves with the steps and shows the latest rewards.</summary>
internal static class ProgressBar
{
    /// <summary>Runs the training; it calls back with every step's point. Everything stays on the caller's thread.</summary>
    public static IReadOnlyList<StepPoint> Show(int steps, Action<Action<StepPoint>> train)
    {
        var points = new List<StepPoint>();
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var bar = context.AddTask("post-training", maxValue: steps);
                train(point =>
                {
                    points.Add(point);
                    bar.Description = $"step {point.Step}  reward {point.Rollouts:0.00}  label {point.Label:0.00}";
                    bar.Value = point.Step;
                });
            });
        return points;
    }
}
