namespace ViSurf.Core.Training.Metrics;

/// <summary>A named number of a step. What the names mean is in docs/metrics.md and in <see cref="MetricCatalog"/>.</summary>
/// <param name="Name">Parts separated by "/", such as <c>gt/reward</c>.</param>
/// <param name="Value">May be NaN or infinite when the update it comes from was skipped for that.</param>
public readonly record struct StepMetric(string Name, double Value)
{
    /// <summary>Those that there are: a number that a step does not have is absent, not 0 and not NaN.</summary>
    internal static IEnumerable<StepMetric> Present(params (string Name, double? Value)[] metrics)
        => metrics.Where(m => m.Value is not null).Select(m => new StepMetric(m.Name, m.Value!.Value));
}
