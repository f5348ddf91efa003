using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>A picture written out in a <c>data:</c> URI (RFC 2397). No message holds its content: it may be megabytes long.</summary>
internal static class DataUri
{
    /// <summary>Photographs have a tenth of this; a row of text is not where larger ones should stand.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Whether a text is such a URI rather than a path or a name.</summary>
    public static bool Is(string text)
        => text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) && text.Contains(',', StringComparison.Ordinal);

    /// <summary>A name as it is, a URI used as one without its content.</summary>
    public static string Short(string name) => Is(name) ? Start(name[..name.IndexOf(',', StringComparison.Ordinal)]) + "…" : name;

    /// <summary>The picture's bytes.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="InvalidDataException">
    /// Not a data: URI of a picture, damaged, empty, or longer than <see cref="MaxBytes"/>.
    /// </exception>
    public static byte[] Decode(string uri, string name)
    {
        if (!Is(uri)) throw Refused(name, "a text that is none");
        var comma = uri.IndexOf(',', StringComparison.Ordinal);
        var parts = uri["data:".Length..comma].Split(';', StringSplitOptions.TrimEntries);
        if (!parts[0].StartsWith("image/", StringComparison.OrdinalIgnoreCase)) throw Refused(name, $"the media type '{Start(parts[0])}'");
        var content = uri.AsSpan(comma + 1);
        var base64 = parts[^1].Equals("base64", StringComparison.OrdinalIgnoreCase) && parts.Length > 1;
        // Of four characters three bytes come, of a %XX one; a plain character is a byte.
        if (content.Length > 4L * MaxBytes || (base64 && content.Length / 4 * 3L > MaxBytes && !content.Contains('%'))) throw TooLong(name);
        var bytes = base64 ? FromBase64(content, name) : FromPercents(content, name);
        if (bytes.Length > MaxBytes) throw TooLong(name);
        return bytes.Length > 0 ? bytes : throw Refused(name, "one without content");
    }

    private static byte[] FromBase64(ReadOnlySpan<char> text, string name)
    {
        var plain = text.Contains('%') ? System.Text.Encoding.Latin1.GetString(FromPercents(text, name)) : text;
        var bytes = new byte[plain.Length / 4 * 3 + 3];
        return Convert.TryFromBase64Chars(plain, bytes, out var length)
            ? bytes[..length]
            : throw Refused(name, $"{plain.Length} characters that are not base64. Is it cut off?");
    }

    private static byte[] FromPercents(ReadOnlySpan<char> text, string name)
    {
        var bytes = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] > 127) throw Refused(name, $"a character outside ASCII at place {i} of its content");
            var escaped = text[i] == '%';
            if (escaped && (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])))
                throw Refused(name, $"a % without two hexadecimal digits at place {i} of its content");
            bytes[length++] = escaped ? Convert.FromHexString(text.Slice(i + 1, 2))[0] : (byte)text[i];
            if (escaped) i += 2;
        }
        return bytes[..length];
    }

    private static string Start(string text) => text.Length <= 40 ? text : text[..40];

    private static InvalidDataException Refused(string name, string found)
        => new($"Expected {name} as data:image/…;base64,… or percent-encoded, "
            + $"got {found}{(found.EndsWith('?') ? "" : ".")} Write it anew or drop the row.");

    private static InvalidDataException TooLong(string name)
        => new($"Expected at most {MaxBytes >> 20} MiB in the data: URI of {name}, got more. Put it into a file and name its path.");
}
