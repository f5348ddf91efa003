using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Gallery;

namespace ViSurf.Core.Reporting;

/// <summary>What a report knows of its run, as a checkpoint holds it: some hundred kilobytes of numbers, and the groups of its gallery with their small pictures.</summary>
internal sealed record SavedRecord(
    string Format, DateTimeOffset Started, long? Latest, RunTotals Totals, SavedTimeline Steps, SavedTimeline Evaluation, SavedGallery Gallery, SavedWarnings Warnings)
{
    public const string Current = "ViSurf.Core report 1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // What is computed from the rest is computed again.
        IgnoreReadOnlyProperties = true,
        // An advantage may be anything.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Json)!;

    /// <exception cref="InvalidDataException">It is of another format, or broken.</exception>
    public static SavedRecord Of(JsonNode? json)
    {
        var format = (json as JsonObject)?["format"]?.ToString();
        if (format != Current) throw new InvalidDataException($"Expected the record of a report in the format '{Current}', got '{format ?? "none"}'.");
        try
        {
            return json.Deserialize<SavedRecord>(Json)!;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Expected the record of a report, got other JSON: {e.Message}", e);
        }
    }
}
