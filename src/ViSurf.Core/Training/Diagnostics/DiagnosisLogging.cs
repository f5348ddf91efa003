using Microsoft.Extensions.Logging;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>Diagnoses for whoever already has a logger: <c>new RunDiagnosis(logger.LogDiagnosis)</c>.</summary>
public static partial class DiagnosisLogging
{
    /// <summary>Writes a warning with the structured values <c>Step</c>, <c>Rule</c>, <c>Seen</c>, <c>Meaning</c> and <c>Advice</c>.</summary>
    public static void LogDiagnosis(this ILogger logger, Diagnosis diagnosis)
    {
        var finding = Guard.NotNull(diagnosis).Finding;
        Said(Guard.NotNull(logger), diagnosis.Step, diagnosis.Rule, finding.Seen, finding.Meaning, finding.Advice);
    }

    [LoggerMessage(EventId = 12, EventName = "Diagnosis", Level = LogLevel.Warning, Message = "step {Step} ({Rule}): {Seen} {Meaning} {Advice}")]
    private static partial void Said(ILogger logger, long step, string rule, string seen, string meaning, string advice);
}
