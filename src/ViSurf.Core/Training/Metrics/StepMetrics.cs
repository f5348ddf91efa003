using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// A report as named numbers, always in the same order, under the names of TRL and EasyR1 where they mean the same. Arithmetic on managed numbers
/// only: no device is asked anything.
/// </summary>
public static class StepMetrics
{
    /// <summary>All metrics of a step; one that it does not have is absent.</summary>
    public static IReadOnlyList<StepMetric> Of(StepReport report)
    {
        Guard.NotNull(report);
        return [.. UpdateMetrics.Of(report), .. RewardMetrics.Of(report), .. LabelMetrics.Of(report), .. LengthMetrics.Of(report), .. CostMetrics.Of(report)];
    }
}
