using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>A finding that was said, and the observation at which it was last there.</summary>
internal sealed record SavedFinding(string Rule, string? Subject, long At);

/// <summary>What a diagnosis remembers, as a checkpoint holds it.</summary>
internal sealed record SavedDiagnosis(
    IReadOnlyList<StepObservation> Beginning, IReadOnlyList<StepObservation> Steps, IReadOnlyList<EvaluationObservation> Evaluations, IReadOnlyList<SavedFinding> Seen, long Observed)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        IgnoreReadOnlyProperties = true,
        // A metric may be infinite.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Json)!;

    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static SavedDiagnosis Of(JsonNode? json)
    {
        try
        {
            return json.Deserialize<SavedDiagnosis>(Json) ?? throw new InvalidDataException("Expected what a diagnosis remembers, got null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Expected what a diagnosis remembers, got other JSON: {e.Message}", e);
        }
    }
}
