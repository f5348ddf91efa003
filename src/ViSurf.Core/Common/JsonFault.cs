using System.Text.Json;

namespace ViSurf.Core.Common;

/// <summary>What is wrong with a text that is not JSON, in words for people who did not write the parser.</summary>
internal static class JsonFault
{
    /// <param name="fault">What parsing threw: a <see cref="JsonException"/>, or the one for half of a surrogate pair in an escape.</param>
    /// <param name="inOneLine">Whether the text is a line of a file: then its own lines are not counted.</param>
    public static string Say(Exception fault, bool inOneLine = false)
    {
        if (fault is not JsonException json) return "an escape that is half of a surrogate pair";
        if (json.LineNumber is not { } line || json.BytePositionInLine is not { } column)
            return $"a key twice in one object ({Quoted(json.Message)})";
        var place = inOneLine && line == 0 ? $"byte {column + 1}" : $"line {line + 1}, byte {column + 1}";
        // "Expected depth to be zero at the end of the JSON payload": a file that was cut off.
        return json.Message.Contains("maximum configured depth", StringComparison.Ordinal)
            ? $"lists or objects nested deeper than 64 at {place}"
            : json.Message.Contains("depth to be zero", StringComparison.Ordinal) ? $"an end inside an object or a list at {place}"
            : $"something else at {place}";
    }

    private static string Quoted(string message)
    {
        var (start, end) = (message.IndexOf('\''), message.LastIndexOf('\''));
        return start < end ? message[start..(end + 1)] : "''";
    }
}
