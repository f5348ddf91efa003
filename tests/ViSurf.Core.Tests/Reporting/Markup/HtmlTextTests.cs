using System.Xml.Linq;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Reporting.Markup;

/// <summary>Whatever a model or a data set says stands in the page as text, read back by a parser that is not ours.</summary>
public sealed class HtmlTextTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Char['\0', '\uFFFF'].Array[0, 12].Select(chars => new string(chars)),
        Pick.From("<", "</div>", "]]>", "&lt;", "&#0;", "<!--", "\0", "\uD83D", "\uDE00", "\U0001F600", "\U0001F3FF", "\uFFFF", "\r\n", "\"'", "<script>x</script>").Array[0, 6].Select(string.Concat));

    [Fact]
    public void Every_text_is_read_back_as_it_was_but_for_what_a_document_cannot_hold()
        => Texts.Sample(text =>
        {
            var (inside, attribute) = ReadBack(text);
            inside.Should().Be(Visible(text));
            attribute.Replace('\t', ' ').Should().Be(Visible(text).Replace('\t', ' '));
        });

    [Theory]
    [InlineData("a<b>&amp;", "a<b>&amp;")]
    [InlineData("a\0b\u0007\u001B[31m", "a\u2400b\u2407\u241B[31m")]
    [InlineData("\uD83D\uDE00 \uD83C\uDFFF", "\uD83D\uDE00 \uD83C\uDFFF")]
    [InlineData("safe\u202Etxt.exe", "safe[U+202E]txt.exe")]
    [InlineData("line\nbreak\ttab", "line\nbreak\ttab")]
    public void What_cannot_be_shown_becomes_visible(string text, string shown) => ReadBack(text).Inside.Should().Be(shown);

    [Fact]
    public void Half_a_character_is_shown_as_one_that_is_missing() => ReadBack("\uD83D lone \uDE00").Inside.Should().Be("\uFFFD lone \uFFFD");

    [Fact]
    public void A_long_text_is_cut_between_characters_and_says_how_much_is_missing()
    {   // The cut at 3 would halve the face, which takes two units: "ab", then 5 − 2 are missing.
        HtmlText.Shortened("ab\U0001F600c", 3).Should().Be("ab… (3 more characters)");
        HtmlText.Shortened("abc", 3).Should().Be("abc");
    }

    [Fact]
    public void An_element_is_closed_in_its_turn()
    {
        var html = new HtmlWriter();
        var outer = html.Element("div");
        html.Element("p");
        outer.Invoking(o => o.Dispose()).Should().Throw<InvalidOperationException>();
    }

    private static (string Inside, string Attribute) ReadBack(string text)
    {
        var html = new HtmlWriter();
        html.Leaf("p", text, ("title", text));
        var element = XElement.Parse(html.ToString(), LoadOptions.PreserveWhitespace);
        return (element.Value, element.Attribute("title")!.Value);
    }

    /// <summary>The rule in other words: by runes, which pair surrogates themselves.</summary>
    private static string Visible(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.Value switch
    {
        '\t' or '\n' => rune.ToString(),
        < 0x20 => ((char)(0x2400 + rune.Value)).ToString(),
        0x7F => "\u2421",
        >= 0x80 and < 0xA0 => "\uFFFD",
        >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 or 0x200E or 0x200F => $"[U+{rune.Value:X4}]",
        _ when (rune.Value & 0xFFFE) == 0xFFFE => "\uFFFD",
        _ => rune.ToString(),
    }));
}
