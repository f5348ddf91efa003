using System.Text;

namespace ViSurf.Core.Tests.Models.Tokens.Oracle;

/// <summary>Texts of characters that tokenizers treat unequally, and now and then of any character.</summary>
internal static class RandomText
{
    private const int AnyCharacter = 30;

    private static readonly string[] Parts =
    [
        "a", "s", "S", "t", "d", "l", "r", "e", "v", "m", "k", "K", "ſ", "\u212A", "ß", "ﬁ", "'", "'s", "'ll", "in", "ing", "the", "The ",
        " ", "  ", "\n", "\r", "\t", "1", "9",
        "²", "½", "Ⅷ", "①", "٣", "𝟙", "𠮷", "𝐀", "𞤀", "😀", "🇩", "Ⓐ", "🅰", "\u0301", "e\u0301", "é", "ü", "\u0E33", "क", "ि", "中", "あ",
        "\u1100", "\u1161", "\u11A8", "İ", "ı", "ǅ",
        "\u0085", "\u00A0", "\u180E", "\u200B", "\u200D", "\u2028", "\u3000", "\u1680", "\0", "\u001C", "\uFEFF", "\uFFFD", "\uFFFE",
        "\U00011938", "\U0001193A", "\u0897", "\U0010FFFF",
        "_", "-", ".", "(", "#", "{", "}", "[", "]", "\\", "/", "|", "<", ">",
    ];

    public static string Next(Random random, int longest, params ReadOnlySpan<string> others)
    {
        var text = new StringBuilder();
        for (var i = random.Next(longest + 1); i > 0; i--)
            text.Append(others.Length > 0 && random.Next(2) == 0 ? others[random.Next(others.Length)] : random.Next(AnyCharacter) == 0
                ? Any(random) : Parts[random.Next(Parts.Length)]);
        return text.ToString();
    }

    /// <summary>One word, longer than those that are merged in the usual way.</summary>
    public static string Word(Random random)
    {
        string[] letters = random.Next(3) switch { 0 => ["a", "e", "i", "n", "r", "s", "t", "ing"], 1 => [" "],
            _ => ["b", "é", "中", "𠮷", "the", "o"] };
        return string.Concat(Enumerable.Range(0, random.Next(40, 600)).Select(_ => letters[random.Next(letters.Length)]));
    }

    private static string Any(Random random)
    {
        var codePoint = random.Next(0x110000 - 0x800);
        return char.ConvertFromUtf32(codePoint < 0xD800 ? codePoint : codePoint + 0x800);
    }
}
