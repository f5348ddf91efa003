using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Finds the chat template of a checkpoint directory: a file of its own, or a key of the tokenizer's settings in older ones.</summary>
internal static class ChatTemplateFile
{
    private const string Key = "chat_template";

    // Published ones have up to 15 kB.
    private const int LongestTemplate = 1 << 20;

    /// <summary>The template's differences; the family's own where the directory holds none.</summary>
    /// <exception cref="InvalidDataException">A file is broken, or its template is not ChatML.</exception>
    public static QwenChat Read(string directory, QwenChat otherwise)
    {
        if (LinkRule.Find(directory, "chat_template.jinja") is { } jinja) return Parse(jinja, BoundedFile.Text(jinja, LongestTemplate));
        foreach (var name in new[] { "chat_template.json", "tokenizer_config.json" })
            if (LinkRule.Find(directory, name) is { } path && Find(path) is { } template)
                return Parse(path, template);
        return otherwise;
    }

    private static QwenChat Parse(string path, string template)
    {
        try
        {
            return QwenChat.Of(template);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected a Qwen chat template in '{path}': {e.Message}.", e);
        }
    }

    private static string? Find(string path)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            if (!json.RootElement.TryGetProperty(Key, out var template)) return null;
            return template.ValueKind switch
            {
                JsonValueKind.String => template.GetString(),
                // Several, by name.
                JsonValueKind.Array => template.EnumerateArray().Where(t => t.GetProperty("name").GetString() == "default")
                    .Select(t => t.GetProperty("template").GetString()).FirstOrDefault(),
                _ => null,
            };
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"Expected a text or a list of named texts as {Key} in '{path}': {e.Message}", e);
        }
    }
}
