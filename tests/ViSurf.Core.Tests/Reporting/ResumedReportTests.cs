using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Reporting;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using ViSurf.Core.Training.Diagnostics;
using Xunit;
using static ViSurf.Core.Tests.Reporting.SampleRun;

namespace ViSurf.Core.Tests.Reporting;

/// <summary>The page of a run that was interrupted is that of one that was not, to the last byte, when steps take as long and the clock stands still.</summary>
public sealed class ResumedReportTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [CpuFact("a GPU adds the parts of a gradient in any order")]
    public void A_run_that_is_killed_between_two_checkpoints_and_resumed_has_the_report_of_one_that_was_not()
    {   // Six steps, checkpoints after 2, 4 and 6, evaluations before the first, after 2 (which the checkpoint has), 4 and 6.
        var whole = Watched("whole");
        using (var store = Store("whole"))
        using (var run = Run(whole, store))
        {
            run.Run.Run();
            whole.Report!.Finish();
        }
        var killed = Watched("killed");
        using (var store = Store("killed"))
        using (var run = Run(killed, store, dieAfter: 4)) run.Run.Invoking(r => r.Run()).Should().Throw<InvalidOperationException>();
        ParsedReport.Read(killed.Report!.Path).Html.Title.Should().Contain("5 of 6", "step 4 is in the report on the disk and in no checkpoint");

        var resumed = Watched("killed");
        using (var store = Store("killed"))
        using (var run = Run(resumed, store))
        {
            run.Run.Resume()!.Step.Should().Be(4);
            resumed.Said.Should().BeEmpty("nothing differs and nothing is missing");
            run.Run.Run();
            resumed.Report!.Finish();
        }
        var page = ParsedReport.Read(resumed.Report!.Path);
        page.Texts("#curves figure:first-child tbody th").Should().Equal("0", "1", "2", "3", "4", "5");
        page.Texts("#warnings li").Should().Contain(text => text.Contains("at every step"));
        page.Html.QuerySelectorAll("article.group image").Should().NotBeEmpty("groups come with their pictures");
        page.Text.Should().Be(ParsedReport.Read(whole.Report!.Path).Text);
    }

    [Fact]
    public void A_checkpoint_without_the_report_is_gone_on_from_and_that_is_said()
    {
        using var store = Store("old");
        using (var run = Run(new Watched(null, new RunDiagnosis(_ => { }), []), store, steps: 2)) run.Run.Run();
        var resumed = Watched("old");
        using var again = Run(resumed, store);
        again.Run.Resume()!.Step.Should().Be(2);
        resumed.Said.Should().Equal(
            $"report: begins anew at step 2, the checkpoint '{Path.Combine(_folder.Path, "old", "step-00000002")}' has nothing of the steps before",
            $"diagnosis: begins anew at step 2, the checkpoint '{Path.Combine(_folder.Path, "old", "step-00000002")}' has nothing of the steps before");
        again.Run.Run();
        ParsedReport.Read(resumed.Report!.Path).Texts("#curves figure:first-child tbody th").Should().Equal("2", "3", "4", "5");
    }

    /// <summary>Of all 250 steps of <see cref="Feed"/>, never interrupted.</summary>
    private static readonly Lazy<string> Whole = new(() =>
    {
        using var folder = new TemporaryDirectory();
        var report = New(folder.File("whole.html"));
        for (var step = 0; step < 250; step++) Feed(report, step);
        report.Write();
        return File.ReadAllText(report.Path);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(57)]
    [InlineData(130)]   // stretches of two steps
    [InlineData(249)]
    public void A_long_run_goes_on_with_the_same_stretches_and_groups(int k)
    {
        var (first, second) = (New(_folder.File("first.html")), New(_folder.File("second.html")));
        for (var step = 0; step < k; step++) Feed(first, step);
        var saved = first.AsPart().Save().Values!.ToJsonString();
        saved.Length.Should().BeLessThan(1_000_000);
        // Steps that no checkpoint has are forgotten.
        for (var step = k; step < Math.Min(k + 20, 250); step++) Feed(first, step);
        foreach (var report in new[] { first, second })
        {
            report.AsPart().Restore(new SavedPart("report", JsonNode.Parse(saved), null));
            // TrainingRun.Resume announces an evaluation of its step again.
            report.AddEvaluation(k - 1, Measured(k - 1));
            for (var step = k; step < 250; step++) Feed(report, step);
            report.Write();
        }
        File.ReadAllText(second.Path).Should().Be(Whole.Value);
        File.ReadAllText(first.Path).Should().Be(Whole.Value);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"format":"ViSurf.Core report 2"}""")]
    [InlineData("""{"format":"ViSurf.Core report 1"}""")]
    [InlineData("[]")]
    public void What_is_no_record_of_a_report_is_refused_and_the_report_stays(string json)
    {
        var report = new HtmlReport(_folder.File("report.html"));
        report.Add(Step(0, Example(), Exact));
        report.AsPart().Invoking(part => part.Restore(new SavedPart("report", JsonNode.Parse(json), null))).Should().Throw<InvalidDataException>();
        report.Finish();
        ParsedReport.Read(report.Path).Html.Title.Should().Contain("1 steps");
    }

    [Fact]
    public void A_watcher_that_cannot_read_its_state_does_not_stop_a_run()
    {
        var said = new List<string>();
        using var store = CheckpointStore.Open(_folder.File("run"));
        TrainingRunOptions Options(CheckpointPart watcher) => new() { Steps = 2, Watchers = [watcher], Say = said.Add };
        using (var run = new TinyRun("sft", Options(CheckpointPart.Of("w", () => 1, _ => { })) with { Steps = 1 }, store)) run.Run.Run();
        using var again = new TinyRun("sft", Options(CheckpointPart.Of("w", () => 1, saved => throw new InvalidDataException($"not {saved}"))), store);
        again.Run.Resume()!.Step.Should().Be(1);
        said.Should().ContainSingle().Which.Should().StartWith("w: begins anew at step 1").And.EndWith("cannot be read: not 1");
    }

    public void Dispose() => _folder.Dispose();

    private Watched Watched(string name)
    {
        var report = new HtmlReport(_folder.File(name + ".html"), new HtmlReportOptions { Clock = new Stopped(), Every = 1, Steps = 6, Groups = 5 });
        // Something that is there at every step is said once; a diagnosis that forgot would say it again.
        var always = new DiagnosisRule("always", history => [new Finding(null, $"Seen at every step, {history.Beginning.Count} at first and {history.Evaluations.Count} evaluations.", "", "")]);
        return new Watched(report, new RunDiagnosis(d => report.Warn(d.ToString(), d.Step), [always]), []);
    }

    private static HtmlReport New(string path) => new(path, new HtmlReportOptions { Clock = new Stopped(), Every = 1000, Groups = 7 });

    private static Dictionary<string, double> Measured(int step) => new() { ["a"] = 1.0 / (step + 1), [$"b{step % 2}"] = double.PositiveInfinity };

    private static void Feed(HtmlReport report, int step)
    {
        string[] answers = step % 3 == 1 ? [Exact, Shifted, "nothing"] : ["nothing", "nothing"];
        report.Add(Step(step, Example($"row {step}"), answers) with
        {
            Updates = [new UpdateReport(step, 1.0 / (step + 1), double.NaN, new Dictionary<string, double> { [$"m{step % 4}"] = step }, null)],
        });
        report.AddEvaluation(step, Measured(step));
        if (step % 50 == 7) report.Warn($"Word {new string('x', step)} at step {step}.", step);
    }

    private CheckpointStore Store(string name) => CheckpointStore.Open(_folder.File(name));

    private static TinyRun Run(Watched watched, CheckpointStore store, int? dieAfter = null, long steps = 6)
        => new("visurf mu", new TrainingRunOptions
        {
            Steps = steps,
            SaveEvery = 2,
            EvaluateEvery = 2,
            Evaluate = (step, _) => new Dictionary<string, double> { ["score"] = step / 10.0 },
            AfterStep = report =>
            {
                report = report with { Times = new StepTimes(1, 2, 3, 4), Memory = null };
                watched.Report?.Add(report);
                watched.Diagnosis.Observe(report);
                if (report.Step == dieAfter) throw new InvalidOperationException("killed");
            },
            AfterEvaluation = (step, metrics) =>
            {
                watched.Report?.AddEvaluation(step, metrics);
                watched.Diagnosis.Observe(step, metrics);
            },
            Watchers = watched.Report is { } report ? [report.AsPart(), watched.Diagnosis.AsPart()] : [],
            Say = watched.Said.Add,
        }, store);
}

/// <summary>What looks at a run.</summary>
internal sealed record Watched(HtmlReport? Report, RunDiagnosis Diagnosis, List<string> Said);

internal sealed class Stopped : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
}
