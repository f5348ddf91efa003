using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>A completion of a group with all that became of it.</summary>
/// <param name="Completion">What was written.</param>
/// <param name="Scored">As the rewards judged it.</param>
/// <param name="Controlled">After reward control; null when the completion was left out.</param>
/// <param name="Advantage">null when the completion was left out.</param>
internal sealed record Judged(Completion Completion, CompletionScore Scored, CompletionScore? Controlled, double? Advantage)
{
    public bool IsLabel => Completion.Source == CompletionSource.Demonstration;

    /// <summary>The completions of a group in order, each found again among those that were learnt from.</summary>
    public static IReadOnlyList<Judged> Of(TrainedGroup group)
    {
        var after = group.Controlled;
        return [.. group.Scored.Group.Completions.Select((completion, i) =>
        {
            var at = Enumerable.Range(0, after.Group.Completions.Count).FirstOrDefault(j => ReferenceEquals(after.Group.Completions[j], completion), -1);
            return at < 0 ? new Judged(completion, group.Scored.Scores[i], null, null)
                : new Judged(completion, group.Scored.Scores[i], after.Scores[at], at < group.Advantages.Count ? group.Advantages[at] : null);
        })];
    }
}

/// <summary>What reward control did to the label of a group, in words.</summary>
internal static class LabelStory
{
    /// <summary>One or two sentences.</summary>
    public static string Of(TrainedGroup group, IReadOnlyList<Judged> judged)
    {
        if (group.Controlled.Group.Example.Id != group.Scored.Group.Example.Id)
            return $"In its place an earlier group was learnt from, that of example '{group.Controlled.Group.Example.Id}'.";
        if (group.Controlled.Scores.Count == 0) return "The group was left out: nothing was learnt from it.";
        var label = judged.FirstOrDefault(j => j.IsLabel);
        if (label is null) return "There is no label in this group.";
        if (label.Controlled is not { } after) return "The label was left out of its group.";
        return Dropped(label.Scored, after) + Use(label, after, judged);
    }

    private static string Dropped(CompletionScore before, CompletionScore after)
    {
        var names = before.Components.Where(c => after.Find(c.Name) is { } now && !Equals(now.Value, c.Value)).Select(c => c.Name).ToArray();
        return names.Length == 0 ? "" : $"The label gets nothing for {string.Join(", ", names)}. ";
    }

    private static string Use(Judged label, CompletionScore after, IReadOnlyList<Judged> judged)
    {
        var rollouts = judged.Where(j => !j.IsLabel).Select(j => j.Controlled ?? j.Scored).Where(score => score.IsScored)
            .Select(score => score.Total).ToArray();
        var own = (after with { SmoothedTotal = null }).Total;
        if (!after.IsScored) return $"Nothing could judge the label: it has advantage {Change(label)}.";
        if (rollouts.Length == 0 && judged.Count > 1) return $"Nothing could judge the rollouts: the label has advantage {Change(label)}.";
        if (rollouts.Length == 0) return $"There are no rollouts: the label alone is learnt, with advantage {Change(label)}.";
        if (after.Neutral)
            return $"Smoothed away: the best rollout has {ReportNumber.Text(rollouts.Max())}, the label {ReportNumber.Text(own)}. Its total became {ReportNumber.Text(after.Total)}, "
                + "the rollouts' mean, and it neither gains nor loses.";
        return rollouts.Max() < own
            ? $"In use: its {ReportNumber.Text(own)} is above the best rollout's {ReportNumber.Text(rollouts.Max())}, so it is learnt with advantage {Change(label)}."
            : $"In use with {ReportNumber.Text(own)} beside a best rollout of {ReportNumber.Text(rollouts.Max())}, with advantage {Change(label)}.";
    }

    private static string Change(Judged label) => label.Advantage is { } advantage ? ReportNumber.Change(advantage) : ReportNumber.None;
}
