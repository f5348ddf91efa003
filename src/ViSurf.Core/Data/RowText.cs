using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>Values of rows as messages quote them: never more than their beginning, in one line.</summary>
internal static class RowText
{
    private const int Quoted = 60, Listed = 20;

    /// <summary>The beginning of a text.</summary>
    public static string Short(string text, int length = Quoted)
    {
        var cut = text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)] + "…";
        return cut.Any(char.IsControl) ? string.Concat(cut.Select(c => char.IsControl(c) ? ' ' : c)) : cut;
    }

    /// <summary>The beginning of a value as its row writes it.</summary>
    public static string Quote(JsonElement value) => Short(value.GetRawText());

    /// <summary>What kind of value it is, and its beginning.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => $"a list, {Quote(value)}",
        JsonValueKind.Object => $"an object, {Quote(value)}",
        JsonValueKind.String => $"the text {Quote(value)}",
        JsonValueKind.Number => $"the number {Quote(value)}",
        _ => Quote(value),
    };

    /// <summary>Names in quotes; the first twenty of many.</summary>
    public static string Names(IEnumerable<string> names)
    {
        var all = names.ToArray();
        var listed = string.Join(", ", all.Take(Listed).Select(name => $"\"{Short(name)}\""));
        return all.Length > Listed ? $"{listed} and {all.Length - Listed} more" : listed;
    }

    /// <summary>JSON that a row holds as text, or a row itself.</summary>
    /// <exception cref="FormatException">It is not JSON, has a key twice, or nests deeper than 64; says where.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException(Common.JsonFault.Say(e, inOneLine: true) + Hint(utf8.Span, e), e);
        }
    }

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte})"/>
    public static JsonElement Parse(string text)
    {
        using var document = Parse(System.Text.Encoding.UTF8.GetBytes(text));
        return document.RootElement.Clone();
    }

    /// <summary>What stands at the place, and what it often is.</summary>
    private static string Hint(ReadOnlySpan<byte> utf8, Exception e)
    {
        if (e is not JsonException { LineNumber: { } line, BytePositionInLine: { } column }) return "";
        var at = 0;
        for (var l = 0L; l < line && at < utf8.Length; l++) at += utf8[at..].IndexOf((byte)'\n') + 1;
        at = (int)Math.Min(at + column, utf8.Length);
        // Whole words: a place inside one, or inside a character, moves to its beginning.
        while (at > 0 && at < utf8.Length && ((utf8[at] & 0xC0) == 0x80 || char.IsAsciiLetter((char)utf8[at - 1]))) at--;
        var rest = System.Text.Encoding.UTF8.GetString(utf8[at..Math.Min(at + 160, utf8.Length)]);
        if (rest.Length == 0) return ", where it ends";
        var why = rest[0] switch
        {
            '\'' => " (Python's repr is not JSON: write rows with json.dumps)",
            'N' or 'I' => " (NaN and Infinity are no numbers in JSON)",
            _ => "",
        };
        return $", where it says {Short(rest, 20)}{why}";
    }
}
