using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Training.Metrics;

/// <summary>Token counts of rollouts, labels and prompts, and what the sampler itself said of its tokens.</summary>
internal static class LengthMetrics
{
    public static IEnumerable<StepMetric> Of(StepReport report)
    {
        var rollouts = report.Groups.SelectMany(g => g.Scored.Group.Rollouts).ToArray();
        var all = rollouts.Select(c => (double)c.TokenIds.Count).ToArray();
        var ended = rollouts.Where(c => c.FinishReason == FinishReason.Stop).Select(c => (double)c.TokenIds.Count).ToArray();
        var drawn = rollouts.Where(c => c is { Replayed: false, LogProbs: not null }).SelectMany(c => c.LogProbs!.Skip(c.PrefixTokens)).Select(p => (double)p);
        return StepMetric.Present(
            ("completions/mean_length", all.MeanOrNull()),
            ("completions/min_length", all.Length > 0 ? all.Min() : null),
            ("completions/max_length", all.Length > 0 ? all.Max() : null),
            ("completions/clipped_ratio", report.Lengths.Truncated),
            ("completions/mean_terminated_length", ended.MeanOrNull()),
            ("completions/min_terminated_length", ended.Length > 0 ? ended.Min() : null),
            ("completions/max_terminated_length", ended.Length > 0 ? ended.Max() : null),
            ("gt/mean_length", report.Lengths.LabelMean),
            ("prompt_length/mean", report.Groups.Count > 0 ? report.Lengths.PromptTokens / (double)report.Groups.Count : null),
            ("prompt_length/max", report.Lengths.LongestPrompt > 0 ? report.Lengths.LongestPrompt : null),
            ("entropy_sampled", -drawn.MeanOrNull()));
    }
}
