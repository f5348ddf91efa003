using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>What watchers of a run remember, records of numbers and text, as JSON that a checkpoint holds.</summary>
internal static class WatcherJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // What is computed from the rest is computed again.
        IgnoreReadOnlyProperties = true,
        // A metric or an advantage may be anything.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>A record as JSON.</summary>
    public static JsonNode Write<T>(T record)
        where T : class => JsonSerializer.SerializeToNode(record, Options)!;

    /// <summary>And back.</summary>
    /// <param name="json">As written.</param>
    /// <param name="what">What is expected, for messages.</param>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static T Read<T>(JsonNode? json, string what)
        where T : class
    {
        try
        {
            return json.Deserialize<T>(Options) ?? throw new InvalidDataException($"Expected {what}, got null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Expected {what}, got other JSON: {e.Message}", e);
        }
    }
}
