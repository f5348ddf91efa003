using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>Streams made of other streams.</summary>
public static class ExampleStreams
{
    /// <summary>
    /// The same stream with every example changed on its way: <c>stream.Select(encoder.InModelFrame)</c>. An exception of
    /// <paramref name="change"/> leaves the stream where it was.
    /// </summary>
    public static IExampleStream Select(this IExampleStream stream, Func<VisionExample, VisionExample> change)
        => new SelectedStream(Guard.NotNull(stream), Guard.NotNull(change));

    private sealed class SelectedStream(IExampleStream inner, Func<VisionExample, VisionExample> change) : IExampleStream
    {
        public string Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public IReadOnlyList<VisionExample> Next(int count)
        {
            var before = inner.Position;
            try
            {
                return inner.Next(count).Select(change).ToArray();
            }
            catch
            {
                inner.Position = before;
                throw;
            }
        }
    }
}

/// <summary>A position as JSON: what must agree with the stream it is set on, and what says where it stands.</summary>
internal static class PositionText
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static string Write(JsonObject own, JsonObject moving)
    {
        foreach (var (key, value) in moving) own[key] = value?.DeepClone();
        return own.ToJsonString();
    }

    /// <summary>Reads a position and compares what must agree.</summary>
    /// <exception cref="InvalidDataException">It is no position, or of another stream; says what differs.</exception>
    public static JsonObject Read(string text, JsonObject own)
    {
        JsonObject read;
        try
        {
            read = JsonNode.Parse(Guard.NotNull(text), documentOptions: Strict) as JsonObject
                ?? throw new InvalidDataException($"Expected a stream's position as a JSON object, got '{RowText.Short(text)}'.");
            EnsureWholeTexts(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"Expected a stream's position as a JSON object, got '{RowText.Short(text)}', "
                + $"{JsonFault.Say(e)}.", e);
        }
        foreach (var (key, value) in own)
            if (!JsonNode.DeepEquals(value, read[key]))
                throw new InvalidDataException(
                    $"Expected a position of this stream, whose {key} is {Quoted(value) ?? "null"}, "
                        + $"got one whose {key} is {Quoted(read[key]) ?? "missing"}. "
                    + "Go on with the data and the settings that the position was saved with, or begin anew.");
        return read;
    }

    /// <exception cref="InvalidOperationException">A text has half of a surrogate pair; comparing would only find it later.</exception>
    private static void EnsureWholeTexts(string json)
    {
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(json));
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) _ = reader.GetString();
    }

    /// <summary>A whole number of a position.</summary>
    public static long Number(JsonObject position, string key, long high)
        => position[key] is JsonValue value && value.TryGetValue(out long number) && number >= 0 && number <= high
            ? number
            : throw new InvalidDataException($"Expected \"{key}\" of a stream's position from 0 to {high}, "
                + $"got {Quoted(position[key]) ?? "none"}.");

    /// <summary>A value of a position, for messages: the names of a mix may be many.</summary>
    public static string? Quoted(JsonNode? value) => value is null ? null : RowText.Short(value.ToJsonString(), 200);
}
