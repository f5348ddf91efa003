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

    public DateTimeOffset Started { get; private set; } = started;

    public RunWarnings Warnings { get; } = new();

    /// <summary>Seconds and tokens of all steps, exactly.</summary>
    public RunTotals Totals { get; private set; } = new();

    /// <summary>The latest step; null before the first.</summary>
    public long? Latest { get; private set; }

    public string State { get; set; } = "running";

    /// <summary>Why it stopped; null when it did not.</summary>
    public string? Why { get; set; }

    /// <summary>What a checkpoint holds of it.</summary>
    public SavedRecord Saved => new(SavedRecord.Current, Started, Latest, Totals, SavedTimeline.Of(Steps), SavedTimeline.Of(Evaluation), Gallery.Saved, Warnings.Saved);

    /// <summary>Goes on from there.</summary>
    /// <exception cref="InvalidDataException">It does not fit together.</exception>
    public void Restore(SavedRecord saved)
    {
        saved.Steps.Restore(Steps);
        saved.Evaluation.Restore(Evaluation);
        Gallery.Restore(saved.Gallery);
        Warnings.Restore(saved.Warnings);
        (Started, Latest, Totals, State, Why) = (saved.Started, saved.Latest, saved.Totals, "running", null);
    }

    /// <summary>Takes measures in. A run that resumes says again what was measured at its step: that changes nothing.</summary>
    public void AddEvaluation(long step, IReadOnlyDictionary<string, Spread> measures)
    {
        if (Evaluation.Stretches is [.., var last] && last.Last == step && last.Value.Count == measures.Count
            && measures.All(m => last.Value.TryGetValue(m.Key, out var there) && there == m.Value)) return;
        Evaluation.Add(step, measures);
    }

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
    public long Steps { get; init; }

    public StepTimes Times { get; init; } = new(0, 0, 0, 0);

    public long PromptTokens { get; init; }

    public long CompletionTokens { get; init; }

    public RunTotals With(StepReport report) => new()
    {
        Steps = Steps + 1,
        Times = new StepTimes(Times.Encode + report.Times.Encode, Times.Rollout + report.Times.Rollout, Times.Reward + report.Times.Reward, Times.Update + report.Times.Update),
        PromptTokens = PromptTokens + report.Lengths.PromptTokens,
        CompletionTokens = CompletionTokens + report.Lengths.CompletionTokens,
    };
}
