using Samples.Shared;
using Spectre.Console;
using ViSurf.Core.Common;
using ViSurf.Core.Reporting;

namespace Quickstart;

/// <summary>The whole run, in order: look at the rows, measure, train, measure, save, load back, measure again.</summary>
internal static class QuickstartRun
{
    public static void Execute(QuickstartOptions options, CancellationToken cancel)
    {
        var device = TorchBackend.Device(options.Device);
        using var training = PostTraining.Load(options.Model, device);
        var train = training.Rows(options.Data);
        var heldOut = training.Rows(options.HeldOut).Take(options.MostHeldOut).ToArray();
        training.Check(train);
        training.Check(heldOut);
        using var staged = new StagedFolder(options.Output, SummaryFile.Name);
        AnsiConsole.MarkupLineInterpolated($"[grey]{train.Length} rows to train on, {heldOut.Length} held out; model {options.Model}[/]");

        var before = training.Answer(heldOut, cancel);
        var report = new HtmlReport(Path.Combine(staged.Path, "report.html"), new HtmlReportOptions { Name = "Quickstart", Steps = options.Steps, Every = options.Steps });
        report.AddEvaluation(0, HeldOutScore.Of(before).Values);
        var points = ProgressBar.Show(options.Steps, step => training.Train(train, options, report, step, cancel));
        var after = training.Answer(heldOut, cancel);
        report.AddEvaluation(options.Steps, HeldOutScore.Of(after).Values);
        report.Finish();

        var model = Path.Combine(staged.Path, "model");
        training.Save(model);
        using var loaded = PostTraining.Load(model, device);
        var reloaded = loaded.Answer(heldOut, cancel);

        var scores = new[] { before, after, reloaded }.Select(HeldOutScore.Of).ToArray();
        AnsiConsole.Write(ScoreTable.Of(scores[0], scores[1], scores[2]));
        RewardCurve.Save(points, Path.Combine(staged.Path, "reward.png"));
        Gallery.Save([.. before.Select(Prediction.Of)], [.. after.Select(Prediction.Of)], Path.Combine(staged.Path, "boxes.png"));
        SummaryFile.Write(staged.Path, options, points, scores);
        AnsiConsole.MarkupLineInterpolated($"report.html, reward.png, boxes.png, {SummaryFile.Name} and model/ are in [blue]{staged.Commit()}[/]");
    }
}
