using System.Text;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>Texts that nobody would write, and pieces that somebody might.</summary>
internal static class Texts
{
    private static readonly string[] Pieces =
    [
        "a", "B", "word", "Hello world", " ", "  ", "\t", "\n", "\r\n", "\r", "0", "7", "123", "1,234.5", "-1", "1e9", "½", "٣", "１２", "𝟙",
        "é", "e\u0301", "ß", "İ", "ı", "ſ", "Ⅳ", "ﬁ", "Å", "日本", "한국", "שלום", "العربية",
        "𠮷", "𝐀", "😀", "👩‍👩‍👧", "🇩🇪", "\u200B", "\u200D", "\u202E", "\u2028", "\u0085", "\u00A0", "\u3000", "\uFEFF", "\uFFFD", "\uFFFE",
        "\uFFFF", "\u0000", "\u0001", "\u001B", "\u007F", "\uD800", "\uDC00",
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|image_pad|>", "<|vision_start|>", "<|vision_end|>", "<|video_pad|>", "<|im_",
        "im_end|>", "<tool_call>", "</tool_call>", "<image>", "<video>", "<think>", "</think>", "<answer>", "</answer>",
        "<script>", "]]>", "&amp;", "\"", "'", "\\", "{", "}", "[", "]", "(", ")", "{{", "}}", "{%", "`", "```json", "$", "%s", "{0}",
        "../", "<!--", "-->", "'s", "'LL", "don't",
        "[10, 20, 30, 40]", "{\"bbox_2d\": [1, 2, 3, 4], \"point_2d\": [2, 3], "
            + "\"label\": \"cat\"}", "\\boxed{", "\\frac{1}{2}", "x^2+1", "NaN", "Infinity", "-0", "1e400", "yes", "no", "A",
            "click", "null",
    ];

    /// <summary>A few pieces, or, seldom, very many of one.</summary>
    public static string Of(Dice dice, int most = 12)
    {
        if (dice.Once(30)) return string.Concat(Enumerable.Repeat(dice.Of(Pieces), 1 + dice.Size(5_000)));
        var text = new StringBuilder();
        for (var n = 1 + dice.Size(most); n > 0; n--) text.Append(dice.Once(15) ? Any(dice) : dice.Of(Pieces));
        return text.ToString();
    }

    /// <summary>The same without halves of surrogate pairs, which no UTF-8 file can hold.</summary>
    public static string Whole(Dice dice, int most = 12) => Whole(Of(dice, most));

    /// <summary>Halves of surrogate pairs become U+FFFD.</summary>
    public static string Whole(string text) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Any character of Unicode, assigned or not.</summary>
    private static string Any(Dice dice)
    {
        var value = dice.Once(2) ? dice.Below(0x3000) : dice.Below(0x110000);
        return Rune.IsValid(value) ? new Rune(value).ToString() : "\uFFFD";
    }
}
