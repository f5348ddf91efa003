using Samples.Shared;
using Spectre.Console;
using ViSurf.Core.Data;

namespace Quickstart;

/// <summary>The whole run, in order: look at the rows, measure, train, measure, save, load back, measure again.</summary>
internal static class QuickstartRun
{
    public static void Execute(QuickstartOptions options, CancellationToken cancel)
    {
        var train = Rows.Load(options.Data, int.MaxValue);
        var heldOut = Rows.Load(options.HeldOut, options.MostHeldOut);
        using var staged = new StagedFolder(options.Output, SummaryFile.Name);
        using var training = PostTraining.Load(options);
        AnsiConsole.MarkupLineInterpolated($"[grey]{train.Count} rows to train on, {heldOut.Count} held out; model {options.Model}[/]");

        var before = training.Answer(heldOut, cancel);
        var points = ProgressBar.Show(options.Steps, step => training.Train(train, step, cancel));
        var after = training.Answer(heldOut, cancel);

        var model = Path.Combine(staged.Path, "model");
        training.Save(model);
        var reloaded = AnswerLoadedBack(options, model, heldOut, cancel);

        var scores = new[] { before, after, reloaded }.Select(HeldOutScore.Of).ToArray();
        AnsiConsole.Write(ScoreTable.Of(scores[0], scores[1], scores[2]));
        RewardCurve.Save(points, Path.Combine(staged.Path, "reward.png"));
        Gallery.Save(before, after, Path.Combine(staged.Path, "boxes.png"));
        SummaryFile.Write(staged.Path, options, points, scores);
        AnsiConsole.MarkupLineInterpolated($"reward.png, boxes.png, {SummaryFile.Name} and model/ are in [blue]{staged.Commit()}[/]");
    }

    private static IReadOnlyList<Prediction> AnswerLoadedBack(
        QuickstartOptions options, string model, IReadOnlyList<VisionExample> heldOut, CancellationToken cancel)
    {
        using var loaded = PostTraining.Load(options with { Model = model });
        return loaded.Answer(heldOut, cancel);
    }
}
