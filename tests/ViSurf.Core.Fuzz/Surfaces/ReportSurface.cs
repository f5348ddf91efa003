using System.Text.Json;
using System.Xml.Linq;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Reporting;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Reporting;
using ViSurf.Core.Training.Metrics;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Hostile texts in ids, questions, answers, reward names, metrics and warnings: pages stay well-formed with no element or attribute of the
/// texts', lines stay lines.
/// </summary>
internal sealed class ReportSurface : ISurface
{
    private readonly HashSet<string> _known;

    public ReportSurface() => _known = [.. Names(Page(_ => "word", new Dice(0, "report", -1)))];

    public void Try(Attempt attempt)
    {
        var dice = attempt.Dice;
        string Text(string what)
        {
            var text = Texts.Of(dice, 8) + "x";   // blank texts are refused, rightly
            attempt.Note($"{what}.txt", text);
            return text;
        }
        attempt.Count();
        var page = Page(Text, dice);
        Attempt.Expect(Names(page).All(_known.Contains), $"an element or attribute of a text's: "
            + $"{string.Join(", ", Names(page).Where(name => !_known.Contains(name)))}");
        Lines(Text("metric"), dice);
        Predictions(Text("id"), Text("answer"));
    }

    public void Dispose()
    {
    }

    private static XDocument Page(Func<string, string> text, Dice dice)
    {
        const string Path = "report.html";
        File.Delete(Path);
        var report = new HtmlReport(Path,
            new HtmlReportOptions { Every = 1000, Name = text("name"), Settings = [new(text("setting"), text("value"))] });
        var suite = VisionReasonerRewards.Suite().With(RewardFunction.From(text("reward"), (_, c) => c.Text.Length % 2));
        for (var step = 0; step < 2; step++)
        {
            var example = SampleRun.Example(text($"id{step}"), text($"question{step}"));
            report.Add(SampleRun.Step(step, suite, example, SampleRun.Exact, text($"a{step}"), $"<answer>{text($"b{step}")}</answer>"));
        }
        report.AddEvaluation(1, new Dictionary<string, double> { [text("measure")] = dice.Below(3) - 1 });
        report.Warn(text("warning"), 1);
        report.Stop(text("why"));
        return XDocument.Parse(File.ReadAllText(Path));
    }

    private static IEnumerable<string> Names(XDocument page)
        => page.Descendants().SelectMany(e => e.Attributes().Where(a => !a.IsNamespaceDeclaration)
            .Select(a => $"{e.Name.LocalName} {a.Name.LocalName}").Prepend(e.Name.LocalName)).Distinct();

    private static void Lines(string name, Dice dice)
    {
        const string Path = "metrics.jsonl";
        File.Delete(Path);
        double[] numbers = [0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.Epsilon,
            1.0 / 3];
        using (var metrics = new JsonLinesMetrics(Path))
            for (var step = 0; step < 3; step++)
                metrics.Write(step, new Dictionary<string, double> { [name] = dice.Of(numbers), ["loss"] = dice.Of(numbers) });
        var lines = File.ReadAllText(Path).Split('\n');
        Attempt.Expect(lines.Length == 4 && lines[3].Length == 0, "another number of lines than of steps");
        foreach (var line in lines[..3])
        {
            using var json = JsonDocument.Parse(line);
            Attempt.Expect(json.RootElement.TryGetProperty("step", out _), "a line without its step");
        }
        using (var resumed = new JsonLinesMetrics(Path, resumeAt: 2)) resumed.Write(2, new Dictionary<string, double> { [name] = 1 });
        Attempt.Expect(File.ReadAllLines(Path).Length == 3, "a resumed file of another length");
        if (Directory.Exists("board")) Directory.Delete("board", recursive: true);
        using var board = new TensorBoardMetrics("board");
        board.Write(1, new Dictionary<string, double> { [name] = dice.Of(numbers) });
    }

    private static void Predictions(string id, string answer)
    {
        const string Path = "predictions.jsonl";
        var example = VisionExample.Ask(id, answer, new TextTarget(answer));
        PredictionFile.WriteAll(Path, [new EvaluatedExample(example, [Completion.OfText(answer)]) { Source = id }]);
        var read = PredictionFile.Read(Path);
        Attempt.Expect(read.Count == 1 && read[0].Example.Id == Texts.Whole(id) && read[0].Completion.Text == Texts.Whole(answer),
            "a prediction that is read differs from the one that was written");
    }
}
