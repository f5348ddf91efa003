using Microsoft.Extensions.Logging;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>Reports for whoever already has a logger: <c>trainer.Run(batches, logger.LogStep)</c>.</summary>
public static partial class StepReportLogging
{
    /// <summary>
    /// Writes one line per step, information or, when the update was skipped, a warning. The structured value <c>Report</c> is the
    /// <see cref="StepReport"/> itself.
    /// </summary>
    public static void LogStep(this ILogger logger, StepReport report)
    {
        Guard.NotNull(logger);
        if (Guard.NotNull(report).Skipped is null) Made(logger, report);
        else Skipped(logger, report);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Report}")]
    private static partial void Made(ILogger logger, StepReport report);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Report}")]
    private static partial void Skipped(ILogger logger, StepReport report);
}
