namespace ViSurf.Core.Common;

/// <summary>What a message quotes of a text that came from outside: enough to find it, never all of it.</summary>
internal static class Excerpt
{
    private const int Longest = 200;

    /// <summary>The text, or its beginning.</summary>
    public static string Of(string text) => text.Length <= Longest ? text : $"{text[..Longest]}… ({text.Length} characters)";
}
