using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ViSurf.Core.Common;

namespace ViSurf.Core.RewardControl;

/// <summary>How the state of a buffer becomes JSON: numbers to the last bit, infinite log-probabilities included.</summary>
internal static class SavedState
{
    private static readonly JsonSerializerOptions Options = new()
    {
        // Totals and weighted values are computed again.
        IgnoreReadOnlyProperties = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public static JsonNode Write<T>(IReadOnlyList<T> items) => JsonSerializer.SerializeToNode(items, Options)!;

    /// <exception cref="InvalidDataException">It is not a list of such items.</exception>
    public static IReadOnlyList<T> Read<T>(JsonNode state, string what)
    {
        try
        {
            return Guard.NotNull(state).Deserialize<IReadOnlyList<T>>(Options) is { } items && items.All(item => item is not null)
                ? items
                : throw new InvalidDataException($"Expected the state of {what}, got null in it.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"Expected the state of {what}, got other JSON: {e.Message}", e);
        }
    }
}
