using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ViSurf.Core.Common;

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

    /// <summary>A list without holes: the reader checks what may be null everywhere but in lists.</summary>
    /// <param name="list">As read.</param>
    /// <param name="what">What it is a list of, for messages.</param>
    /// <exception cref="InvalidDataException">One of its items is null.</exception>
    public static IReadOnlyList<T> Whole<T>(IReadOnlyList<T> list, string what)
        where T : class?
        => list.Any(item => item is null)
            ? throw new InvalidDataException($"Expected a list of {what}, got null among them. Take another checkpoint, "
                + $"or resume without it.") : list;

    /// <summary>And back.</summary>
    /// <param name="json">As written.</param>
    /// <param name="what">What is expected, for messages.</param>
    /// <param name="format">What must stand under <c>format</c>; null for nothing.</param>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static T Read<T>(JsonNode? json, string what, string? format = null)
        where T : class
    {
        try
        {
            if (format is not null && (json as JsonObject)?["format"]?.ToString() is var found && found != format)
                throw new InvalidDataException($"Expected {what} in the format '{format}', "
                    + $"got {(found is null ? "none" : $"'{Excerpt.Of(found)}'")}.");
            return json.Deserialize<T>(Options) ?? throw new InvalidDataException($"Expected {what}, got null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Expected {what}, "
                + $"got something else at '{(e.Path is { Length: > 0 } path ? Excerpt.Of(path) : "$")}'. Take another checkpoint, "
                + $"or resume without it.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"Expected {what}, got a text with half of a surrogate pair. Take another checkpoint, "
                + $"or resume without it.", e);
        }
    }
}
