using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Reporting;
using ViSurf.Core.Tests.Reporting;
using ViSurf.Core.Training.Checkpoints;
using ViSurf.Core.Training.Metrics;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// What the library wrote and reads again, changed meanwhile: predictions, metrics, positions in a data set, what a report remembers.
/// </summary>
internal sealed class ReadBackSurface : ISurface
{
    private static readonly VisionExample[] Rows = [.. Enumerable.Range(0, 7)
        .Select(i => VisionExample.Ask($"row-{i}", "q", new TextTarget("a")))];
    private readonly string _predictions, _metrics, _report;

    public ReadBackSurface()
    {
        PredictionFile.WriteAll("whole.jsonl",
            [new EvaluatedExample(SampleRun.Example(), [Completion.OfText("<answer>[]</answer>")]) { Source = "s" },
                new EvaluatedExample(Rows[0], [Completion.OfText("b")]) { Source = "t" }]);
        _predictions = File.ReadAllText("whole.jsonl");
        using (var metrics = new JsonLinesMetrics("metrics.jsonl"))
            for (var step = 0; step < 3; step++) metrics.Write(step, new Dictionary<string, double> { ["loss"] = step });
        _metrics = File.ReadAllText("metrics.jsonl");
        var report = new HtmlReport("whole.html", new HtmlReportOptions { Every = 1000 });
        for (var step = 0; step < 3; step++) report.Add(SampleRun.Step(step, SampleRun.Example(), SampleRun.Exact, SampleRun.Shifted));
        report.Warn("a warning", 1);
        report.AddEvaluation(1, new Dictionary<string, double> { ["accuracy"] = 0.5 });
        _report = report.AsPart().Save().Values!.ToJsonString();
    }

    public void Try(Attempt attempt)
    {
        attempt.Count();
        switch (attempt.Dice.Below(4))
        {
            case 0:
                Write(attempt, "predictions.jsonl", OneLine(attempt.Dice, _predictions));
                IReadOnlyList<EvaluatedExample> read = [];
                if (attempt.Refusable(() => read = PredictionFile.Read("predictions.jsonl"), "predictions.jsonl")) Judged(read);
                break;
            case 1:
                Write(attempt, "metrics.jsonl", OneLine(attempt.Dice, _metrics));
                attempt.Refusable(() => new JsonLinesMetrics("metrics.jsonl", resumeAt: 2).Dispose(), "metrics.jsonl");
                break;
            case 2:
                Position(attempt);
                break;
            default:
                Remembered(attempt);
                break;
        }
    }

    public void Dispose()
    {
    }

    /// <summary>A label that no metric can use is an exception that names both, as it is for rewards.</summary>
    private static void Judged(IReadOnlyList<EvaluatedExample> read)
    {
        try
        {
            _ = EvaluationSuite.Standard().Report(read);
        }
        catch (InvalidOperationException e) when (e.Message.StartsWith("Metric '", StringComparison.Ordinal)
            && e.Message.Contains("on example '", StringComparison.Ordinal))
        {
        }
    }

    private static void Position(Attempt attempt)
    {
        var stream = new MixedStream(3, new WeightedStream("a", new ShuffledStream(new ListSource(Rows, "a"), 1), 1),
            new WeightedStream("b", new ShuffledStream(new ListSource(Rows, "b"), 2), 2));
        _ = stream.Next(5);
        var position = System.Text.Encoding.UTF8.GetString(Json.Changed(attempt.Dice, stream.Position));
        attempt.Note("position.json", position);
        var before = stream.Position;
        if (attempt.Refusable(() => stream.Position = position)) _ = stream.Next(3);
        else Attempt.Expect(stream.Position == before, "a position that was refused has moved the stream");
    }

    private void Remembered(Attempt attempt)
    {
        var changed = Json.Changed(attempt.Dice, _report);
        attempt.Note("report.json", changed);
        Directory.CreateDirectory("watchers");
        File.WriteAllBytes(Path.Combine("watchers", "report.json"), changed);
        var report = new HtmlReport("again.html");
        // The run that resumes names watcher and checkpoint.
        if (attempt.Refusable(() => WatcherFiles.Restore(".", report.AsPart()))) report.Write();
    }

    private static byte[] OneLine(Dice dice, string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var at = dice.Below(lines.Length);
        var changed = Json.Changed(dice, lines[at]);
        return [.. System.Text.Encoding.UTF8.GetBytes(string.Concat(lines[..at].Select(l => l + "\n"))), .. changed, (byte)'\n',
            .. System.Text.Encoding.UTF8.GetBytes(string.Concat(lines[(at + 1)..].Select(l => l + "\n")))];
    }

    private static void Write(Attempt attempt, string name, byte[] file)
    {
        attempt.Note(name, file);
        File.WriteAllBytes(name, file);
    }
}
