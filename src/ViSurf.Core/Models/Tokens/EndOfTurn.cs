using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Which tokens end an answer.</summary>
internal static class EndOfTurn
{
    private const string TurnEnd = "<|im_end|>";

    /// <summary><c>eos_token_id</c> of generation_config.json (a number or a list), and the end of a chat turn, first.</summary>
    public static IReadOnlyList<int> Read(string directory, QwenTokenizer tokenizer)
    {
        var turnEnd = tokenizer.Id(TurnEnd);
        if (LinkRule.Find(directory, "generation_config.json") is not { } path) return [turnEnd];
        try
        {
            using var json = BoundedFile.Json(path);
            if (!json.RootElement.TryGetProperty("eos_token_id", out var eos) || eos.ValueKind == JsonValueKind.Null) return [turnEnd];
            var ids = eos.ValueKind == JsonValueKind.Array ? eos.EnumerateArray().Select(e => e.GetInt32()) : [eos.GetInt32()];
            return ids.Prepend(turnEnd).Distinct().ToArray();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"Expected a number or a list of numbers as eos_token_id in '{path}': {e.Message}", e);
        }
    }
}
