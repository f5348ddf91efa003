using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>One example of a <see cref="PredictionFile"/> to text and back.</summary>
internal static class PredictionLine
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(EvaluatedExample example, LabelCodec labels)
    {
        var (row, id) = (example.Example, example.Example.Id);
        try
        {
            return new JsonObject
            {
                ["id"] = id,
                ["source"] = example.Source,
                ["images"] = new JsonArray([.. row.Images.Select(image => JsonValue.Create(image.Name))]),
                ["prompt"] = new JsonArray([.. row.Turns.Select(Turn)]),
                ["label"] = labels.Write(row.Target),
                ["answers"] = new JsonArray([.. example.Completions.Select(Answer)]),
            }.ToJsonString(Readable);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"Expected an example that JSON can hold, got '{id}': {e.Message}", nameof(example), e);
        }
    }

    public static EvaluatedExample Read(string line, string place, LabelCodec labels)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            var row = document.RootElement;
            if (row.ValueKind != JsonValueKind.Object)
                throw new FormatException($"expected one JSON object per line, got {RowText.Kind(row)}.");
            var images = row.List("images").Select(image => ImageSource.FromFile(image.AsText("images"))).ToArray();
            var example = new VisionExample(row.Text("id"), images, [.. row.List("prompt").Select(Turn)], labels.Read(row.Member("label")));
            var answers = row.List("answers").Select(Answer).ToArray();
            return answers.Length > 0
                ? new EvaluatedExample(example, answers) { Source = row.Text("source") }
                : throw new FormatException("expected at least one of \"answers\", got none.");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidDataException or ArgumentException or InvalidOperationException)
        {
            // InvalidOperationException: the reader's word for a text with half a surrogate pair.
            throw new InvalidDataException($"{place}: expected a prediction as PredictionFile writes it: {e.Message} Remove or mend the line.", e);
        }
    }

    private static JsonObject Turn(ChatTurn turn) => new()
    {
        ["role"] = turn.Role,
        ["content"] = new JsonArray([.. turn.Parts.Select(part => part.IsImage
            ? new JsonObject { ["type"] = "image" }
            : new JsonObject { ["type"] = "text", ["text"] = part.Text })]),
    };

    private static ChatTurn Turn(JsonElement turn) => new(turn.Text("role"), [.. turn.List("content").Select(part => part.Text("type") switch
    {
        "image" => ChatPart.Image,
        "text" => ChatPart.OfText(part.Text("text")),
        var other => throw new FormatException($"expected \"type\" to be image or text, got '{Excerpt.Of(other)}'."),
    })]);

    private static JsonObject Answer(Completion completion) => new()
    {
        ["text"] = completion.Text,
        ["finish_reason"] = completion.FinishReason == FinishReason.Stop ? "stop" : "length",
        ["tokens"] = completion.TokenIds.Count,
    };

    private static Completion Answer(JsonElement answer)
    {
        var reason = answer.Text("finish_reason") switch
        {
            "stop" => FinishReason.Stop,
            "length" => FinishReason.Length,
            var other => throw new FormatException($"expected \"finish_reason\" to be stop or length, got '{Excerpt.Of(other)}'."),
        };
        var tokens = answer.Member("tokens");
        return tokens.ValueKind == JsonValueKind.Number && tokens.TryGetInt32(out var count) && count >= 0
            ? new Completion(new CountedTokens(count), answer.Text("text"), reason, CompletionSource.Policy)
            : throw new FormatException($"expected a whole number from 0 up under \"tokens\", got {tokens.Quoted()}.");
    }
}
