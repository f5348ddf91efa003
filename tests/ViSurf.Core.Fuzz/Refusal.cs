using System.Text.RegularExpressions;

namespace ViSurf.Core.Fuzz;

/// <summary>What a refusal may look like: of a documented kind, short, naming the place, in words that are ours.</summary>
internal static partial class Refusal
{
    private const int LongestLine = 1500, Longest = 20_000;

    private static readonly Type[] Kinds = [typeof(InvalidDataException), typeof(IOException), typeof(FileNotFoundException),
        typeof(DirectoryNotFoundException), typeof(UnauthorizedAccessException), typeof(ArgumentException)];

    /// <summary>Why this refusal is none, or null.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="named">The message must contain one of them.</param>
    public static string? Problem(Exception exception, IReadOnlyList<string> named)
    {
        var message = exception.Message;
        var said = message.Length > 300 ? message[..300] + "…" : message;
        if (!Kinds.Contains(exception.GetType())) return $"{exception.GetType().Name} is no refusal: {said}";
        if (named.Count > 0 && !named.Any(name => message.Contains(name, StringComparison.Ordinal)))
            return $"the message names no {string.Join(" or ", named)}: {said}";
        if (message.Length > Longest || message.Split('\n').Any(line => line.Length > LongestLine))
            return $"a message of {message.Length} characters: {said}";
        if (FrameworkWords().Match(message) is { Success: true } raw) return $"words of the framework, '{raw.Value}': {said}";
        return null;
    }

    [GeneratedRegex(
        @"\b(System|Microsoft|Parquet|TorchSharp|SkiaSharp|SixLabors)\.[A-Z]\w+|\b(Nullable|JsonElement|JsonNode|JsonValue|JsonTokenType|JsonValueKind|StringBuilder|Utf8JsonReader|Stream)\b|\b[A-Z][a-z]\w+`\d"
        + @"|Arithmetic operation resulted|The given key|One of the identified items|Object reference not set|Index was out(side)?|out of range\. Must be|Specified argument was out|Value cannot be null"
        + @"|Exception of type|was not in a correct format|could not be converted|requires an element of type|Cannot get the value of a token|Insufficient memory|Unable to read beyond|Sequence contains no|Operation is not valid"
        + @"|Exception raised from|c10::|\n\s+at \w")]
    private static partial Regex FrameworkWords();
}
