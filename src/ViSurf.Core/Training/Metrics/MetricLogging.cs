using Microsoft.Extensions.Logging;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>Metrics one by one, for a log that is searched by value. One line per step is <see cref="StepReportLogging.LogStep"/>.</summary>
public static partial class MetricLogging
{
    /// <summary>Writes each metric as a message of its own, level debug, with the structured values <c>Step</c>, <c>Metric</c> and <c>Value</c>.</summary>
    public static void LogMetrics(this ILogger logger, StepReport report)
    {
        if (!Guard.NotNull(logger).IsEnabled(LogLevel.Debug)) return;
        foreach (var (name, value) in StepMetrics.Of(report)) Measured(logger, report.Step, name, value);
    }

    /// <summary>Writes each metric of an evaluation as a message of its own, level information, with the same structured values.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="step">The step they follow.</param>
    /// <param name="metrics">By name.</param>
    public static void LogEvaluation(this ILogger logger, long step, IReadOnlyDictionary<string, double> metrics)
    {
        Guard.NotNull(logger);
        foreach (var (name, value) in Guard.NotNull(metrics)) Evaluated(logger, step, name, value);
    }

    [LoggerMessage(EventId = 10, EventName = "Metric", Level = LogLevel.Debug, Message = "step {Step}: {Metric} = {Value}")]
    private static partial void Measured(ILogger logger, long step, string metric, double value);

    [LoggerMessage(EventId = 11, EventName = "Evaluation", Level = LogLevel.Information, Message = "after step {Step}: {Metric} = {Value}")]
    private static partial void Evaluated(ILogger logger, long step, string metric, double value);
}
