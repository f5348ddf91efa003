namespace ViSurf.Core.Training.Metrics;

/// <summary>Where time and memory went.</summary>
internal static class CostMetrics
{
    public static IEnumerable<StepMetric> Of(StepReport report)
    {
        var (times, lengths) = (report.Times, report.Lengths);
        var rollouts = report.Groups.SelectMany(g => g.Scored.Group.Rollouts).Sum(c => (long)c.TokenIds.Count);
        return StepMetric.Present(
            ("timing_s/encode", times.Encode),
            ("timing_s/gen", times.Rollout),
            ("timing_s/reward", times.Reward),
            ("timing_s/update_actor", times.Update),
            ("timing_s/step", times.Total),
            ("perf/total_num_tokens", lengths.SequenceTokens),
            ("perf/throughput", PerSecond(lengths.SequenceTokens, times.Total)),
            ("perf/gen_throughput", PerSecond(rollouts, times.Rollout)),
            ("mem/host_gb", report.Memory?.Host / 1e9),
            ("mem/device_gb", report.Memory?.Device / 1e9));
    }

    private static double? PerSecond(long tokens, double seconds) => tokens > 0 && seconds > 0 ? tokens / seconds : null;
}
