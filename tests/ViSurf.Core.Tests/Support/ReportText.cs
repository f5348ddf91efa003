using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ViSurf.Core.Training;

namespace ViSurf.Core.Tests.Support;

/// <summary>Everything a step reports but its times, with every digit.</summary>
internal static class ReportText
{
    public static string Of(StepReport report)
    {
        var text = new StringBuilder();
        Line("step", report.Step, report.SkippedUpdates, report.Lengths);
        Line("rewards", report.Rewards.Mean, report.Rewards.Deviation, report.Rewards.LabelMean, report.Rewards.LabelUsed, report.Rewards.NeutralGroups, report.Rewards.UniformRollouts);
        foreach (var component in report.Rewards.Components) Line("component", component.Name, component.Rollouts, component.Labels);
        foreach (var group in report.Groups)
        {
            Line("group", group.Scored.Group.Example.Id, string.Join(' ', group.Advantages.Select(a => a.ToString("R", CultureInfo.InvariantCulture))));
            foreach (var completion in group.Scored.Group.Completions)
                Line("completion", completion.Source, string.Join(' ', completion.TokenIds), string.Join(' ', (completion.LogProbs ?? []).Select(p => p.ToString("R", CultureInfo.InvariantCulture))));
        }
        foreach (var update in report.Updates)
        {
            Line("update", update.Loss, update.GradientNorm, update.LearningRate, update.Skipped?.Reason);
            foreach (var (name, value) in update.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal)) Line("metric", name, value);
        }
        foreach (var skipped in report.SkippedGroups) Line("skipped", skipped.ExampleId, skipped.Reason);
        return text.ToString();

        void Line(params object?[] values) => text.AppendJoin(' ', values.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture))).Append('\n');
    }

    public static string Hash(StepReport report) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Of(report))));
}
