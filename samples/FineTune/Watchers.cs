using System.Globalization;
using FineTune.Settings;
using Spectre.Console;
using ViSurf.Core.Reporting;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using ViSurf.Core.Training.Diagnostics;
using ViSurf.Core.Training.Metrics;

namespace FineTune;

/// <summary>Everything that looks at the run: progress, metric files, diagnosis, report.</summary>
internal sealed class Watchers : IDisposable
{
    private readonly JsonLinesMetrics? _lines;
    private readonly TensorBoardMetrics? _board;
    private readonly HtmlReport? _report;
    private readonly RunDiagnosis _diagnosis;
    private ProgressTask? _bar;

    /// <param name="settings">Which of them there are.</param>
    /// <param name="evaluationMetric">What should rise with the reward; null for nothing.</param>
    /// <param name="resumeAt">The first step that is made now; null for a new run.</param>
    public Watchers(FineTuneSettings settings, string? evaluationMetric, long? resumeAt)
    {
        Directory.CreateDirectory(settings.Output);
        if (settings.Watch.JsonLines) _lines = new JsonLinesMetrics(Path.Combine(settings.Output, "metrics.jsonl"), resumeAt);
        if (settings.Watch.TensorBoard) _board = new TensorBoardMetrics(Path.Combine(settings.Output, "tensorboard"), resumeAt);
        if (settings.Watch.Report)
            _report = new HtmlReport(Path.Combine(settings.Output, "report.html"), new HtmlReportOptions
            {
                Name = $"{settings.Method} on {Path.GetFileName(settings.Model)}",
                Steps = settings.Training.Steps,
                Every = settings.Watch.ReportEvery,
                Settings = [.. ShownSettings.Of(settings)],
                OnError = e => Line($"[red]{Markup.Escape(e.Message)}[/]"),
            });
        _diagnosis = new RunDiagnosis(Say, DiagnosisRules.Default(evaluationMetric));
    }

    /// <summary>What of it a checkpoint remembers; metric files know their steps themselves.</summary>
    public IReadOnlyList<CheckpointPart> Parts => _report is null ? [_diagnosis.AsPart()] : [_report.AsPart(), _diagnosis.AsPart()];

    public void Step(StepReport report)
    {
        _lines?.Write(report);
        _board?.Write(report);
        _report?.Add(report);
        _diagnosis.Observe(report);
        if (_bar is null) return;
        _bar.Value = report.Step + 1;
        _bar.Description = string.Create(CultureInfo.InvariantCulture, $"step {report.Step + 1}  reward {report.Rewards.Mean ?? double.NaN:0.000}  label {report.Rewards.LabelMean ?? double.NaN:0.000}");
    }

    public void Evaluation(long step, IReadOnlyDictionary<string, double> metrics)
    {
        _lines?.Write(step, metrics);
        _board?.Write(step, metrics);
        _report?.AddEvaluation(step, metrics);
        _diagnosis.Observe(step, metrics);
        Line($"[grey]step {step}:[/] " + Markup.Escape(string.Join("  ", metrics.Where(m => !m.Key.Contains('/')).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:0.000}")))));
    }

    public void Saved(Checkpoint checkpoint) => Line($"[grey]step {checkpoint.Step}: saved {Markup.Escape(checkpoint.Directory)}[/]");

    /// <summary>Runs with a progress bar; everything stays on the caller's thread.</summary>
    public RunOutcome Show(long steps, Func<RunOutcome> run) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            _bar = context.AddTask("starting", maxValue: steps);
            return run();
        });

    public void End(RunOutcome outcome)
    {
        if (outcome.Cancelled) _report?.Stop("cancelled");
        else _report?.Finish();
    }

    public void Dispose()
    {
        _lines?.Dispose();
        _board?.Dispose();
    }

    private void Say(Diagnosis diagnosis)
    {
        Line($"[yellow]{Markup.Escape(diagnosis.ToString())}[/]");
        _report?.Warn(diagnosis.ToString(), diagnosis.Step);
    }

    private static void Line(string markup) => AnsiConsole.MarkupLine(markup);
}
