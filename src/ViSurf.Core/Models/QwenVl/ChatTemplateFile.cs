using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Finds the chat template of a checkpoint directory: a file of its own, or a key of the processor's or the tokenizer's settings in older
/// ones.
/// </summary>
internal static class ChatTemplateFile
{
    private const string Key = "chat_template", TokenizerFile = "tokenizer_config.json";

    // Published ones have up to 15 kB.
    private const int LongestTemplate = 1 << 20;

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token",
        "mask_token"];

    /// <summary>The directory's template; the family's own where the directory holds none.</summary>
    /// <exception cref="InvalidDataException">
    /// A file is broken, or its template uses something that is not supported, or is not ChatML.
    /// </exception>
    public static QwenChat Read(string directory, QwenChat otherwise)
    {
        if (LinkRule.Find(directory, "chat_template.jinja") is { } jinja)
            return Parse(jinja, BoundedFile.Text(jinja, LongestTemplate), directory);
        foreach (var name in new[] { "chat_template.json", "processor_config.json", TokenizerFile })
            if (LinkRule.Find(directory, name) is { } path && Find(path) is { } template)
                return Parse(path, template, directory);
        return otherwise;
    }

    private static QwenChat Parse(string path, string template, string directory)
    {
        try
        {
            return QwenChat.Of(template, Tokens(directory));
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(
                $"Expected a Qwen chat template in '{path}': {e.Message}. Use the template of the published checkpoint, "
                    + $"or rewrite that part with if, for, set and plain texts.", e);
        }
    }

    private static string? Find(string path)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            var root = JsonSettings.Root(json);
            if (root.Find(Key) is not { } template) return null;
            if (template.ValueKind == JsonValueKind.String) return template.GetString();
            // Several, by name.
            if (template.ValueKind != JsonValueKind.Array) throw root.Wrong(Key, "a text or a list of named texts");
            var named = template.EnumerateArray().Select(t => new JsonSettings(t, $"{Key}[]."))
                .FirstOrDefault(t => t.Text("name") == "default");
            return named.Text("template")
                ?? throw new FormatException($"{Key} is a list without a text that is named default, expected one.");
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected a text or a list of named texts as {Key} in '{path}': {e.Message}", e);
        }
    }

    /// <summary>Special tokens that a template may name: texts, or objects with their text as <c>content</c>.</summary>
    private static Dictionary<string, string> Tokens(string directory)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        if (LinkRule.Find(directory, TokenizerFile) is not { } path) return tokens;
        using var json = BoundedFile.Json(path);
        try
        {
            var root = JsonSettings.Root(json);
            foreach (var name in TokenNames)
                if ((root.Find(name) is { ValueKind: JsonValueKind.Object } ? root.Object(name)!.Value.Text("content")
                    : root.Text(name)) is { } text)
                    tokens[name] = text;
            return tokens;
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected the tokens that a chat template may name in '{path}': {e.Message}", e);
        }
    }
}
