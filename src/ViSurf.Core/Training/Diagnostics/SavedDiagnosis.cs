using System.Text.Json.Nodes;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>A finding that was said, and the observation at which it was last there.</summary>
internal sealed record SavedFinding(string Rule, string? Subject, long At);

/// <summary>What a diagnosis remembers, as a checkpoint holds it.</summary>
internal sealed record SavedDiagnosis(
    IReadOnlyList<StepObservation> Beginning, IReadOnlyList<StepObservation> Steps, IReadOnlyList<EvaluationObservation> Evaluations, IReadOnlyList<SavedFinding> Seen, long Observed)
{
    public JsonNode ToJson() => WatcherJson.Write(this);

    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static SavedDiagnosis Of(JsonNode? json) => WatcherJson.Read<SavedDiagnosis>(json, "what a diagnosis remembers");
}
