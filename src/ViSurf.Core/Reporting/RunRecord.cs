using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting;

/// <summary>What a report knows of its run.</summary>
/// <param name="steps">Numbers of the steps.</param>
/// <param name="evaluation">Measures of held-out rows.</param>
/// <param name="gallery">Groups to show.</param>
/// <param name="started">When the report was made.</param>
internal sealed class RunRecord(
    Timeline<IReadOnlyDictionary<string, Spread>> steps, Timeline<IReadOnlyDictionary<string, Spread>> evaluation, GroupGallery gallery, DateTimeOffset started)
{
    public Timeline<IReadOnlyDictionary<string, Spread>> Steps { get; } = steps;

    public Timeline<IReadOnlyDictionary<string, Spread>> Evaluation { get; } = evaluation;

    public GroupGallery Gallery { get; } = gallery;

    public DateTimeOffset Started { get; } = started;

    public RunWarnings Warnings { get; } = new();

    /// <summary>Seconds and tokens of all steps, exactly.</summary>
    public RunTotals Totals { get; private set; } = new();

    /// <summary>The latest step; null before the first.</summary>
    public long? Latest { get; private set; }

    public string State { get; set; } = "running";

    /// <summary>Why it stopped; null when it did not.</summary>
    public string? Why { get; set; }

    public void Add(StepReport report)
    {
        Steps.Add(report.Step, StepNumbers.Of(report));
        Gallery.Add(report);
        Warnings.Add(report);
        Totals = Totals.With(report);
        (Latest, State, Why) = (report.Step, "running", null);
    }
}

/// <summary>Sums over the steps a report saw; steps that were done twice count twice, as they cost twice.</summary>
internal sealed record RunTotals
{
    public long Steps { get; private init; }

    public StepTimes Times { get; private init; } = new(0, 0, 0, 0);

    public long PromptTokens { get; private init; }

    public long CompletionTokens { get; private init; }

    public RunTotals With(StepReport report) => new()
    {
        Steps = Steps + 1,
        Times = new StepTimes(Times.Encode + report.Times.Encode, Times.Rollout + report.Times.Rollout, Times.Reward + report.Times.Reward, Times.Update + report.Times.Update),
        PromptTokens = PromptTokens + report.Lengths.PromptTokens,
        CompletionTokens = CompletionTokens + report.Lengths.CompletionTokens,
    };
}
