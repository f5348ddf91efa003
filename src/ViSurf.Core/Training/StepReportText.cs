using System.Globalization;
using System.Text;

namespace ViSurf.Core.Training;

/// <summary>A report as one line of text, the same in every culture.</summary>
internal static class StepReportText
{
    public static string Line(StepReport report)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"step {report.Step}"));
        if (report.Rewards.Mean is { } mean) Add($"  reward {mean:0.000} ± {report.Rewards.Deviation ?? 0:0.000}");
        if (report.Rewards.Unscored > 0) Add($"  unjudged {report.Rewards.Unscored:P0}");
        if (report.Rewards.LabelMean is { } label && report.Rewards.Mean is not null) Add($"  label {label:0.000} (used {report.Rewards.LabelUsed ?? 0:P0})");
        Add($"  neutral groups {report.Rewards.NeutralGroups:P0}");
        if (report.SkippedGroups.Count > 0) Add($"  skipped {report.SkippedGroups.Count}");
        if (report.Lengths.Mean is { } tokens) Add($"  tokens {tokens:0} (cut {report.Lengths.Truncated ?? 0:P0})");
        if (report.Updates is [.., var update])
            Add($"  loss {update.Loss:0.0000}  grad {update.GradientNorm:0.000}  lr {update.LearningRate:0.0e+0}");
        else text.Append("  no update: nothing to learn from");
        var constant = report.Rewards.Statistics.Components.Where(c => c.IsConstant).Select(c => c.Name).ToArray();
        if (constant.Length > 0) text.Append("  constant: ").AppendJoin(", ", constant);
        if (report.Skipped is { } skipped) text.Append("  SKIPPED: ").Append(skipped.Reason).Append(" in ").AppendJoin(", ", skipped.ExampleIds);
        Add($"  {report.Times.Total:0.00}s (rollout {report.Times.Rollout:0.00}, update {report.Times.Update:0.00})");
        return text.ToString();

        void Add(FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));
    }
}
