using System.Globalization;
using System.Security.Cryptography;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Models.Tokens.Patterns;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>Patterns see characters, not UTF-16 units, and are read as Oniguruma reads them or not at all.</summary>
public sealed class CodePointPatternTests
{
    [Fact]
    public void Every_code_point_has_the_category_of_Unicode_16_as_in_the_reference()
    {
        // The reference's own answers for \p{…} of all thirty categories were compared with .NET 10's once: all 1,114,112 are equal.
        // Another hash means that this runtime has newer tables: compare them again, and except what was assigned since.
        var categories = Enumerable.Range(0, 0x110000).Select(c => (byte)CharUnicodeInfo.GetUnicodeCategory(c)).ToArray();
        Convert.ToHexString(SHA256.HashData(categories))[..16].Should().Be("2A6001B54B0DE565");
    }

    [Theory]
    // Letters, digits and signs beyond U+FFFF: one character each, under every construct.
    [InlineData(@"\p{L}", "𠮷a", "𠮷", "a"), InlineData(@"\p{L}{2}", "𠮷a𐐀", "𠮷a"), InlineData(@".", "😀𝟙", "😀", "𝟙")]
    [InlineData(@"\p{N}{1,3}", "𝟙𝟚𝟛𝟜", "𝟙𝟚𝟛", "𝟜"), InlineData(@"[^\p{L}]", "𠮷😀", "😀"), InlineData(@"\P{L}+", "a😀😀b", "😀😀")]
    [InlineData(@"[^\r\n\p{L}\p{N}]?\p{L}+", "😀𠮷𠮷", "😀𠮷𠮷"), InlineData(@"[𠮷-𠮹]+", "𠮶𠮷𠮹", "𠮷𠮹"), InlineData(@"\x{20BB7}", "𠮷", "𠮷")]
    [InlineData(@"\w+", "𝐀𝟙_ 😀", "𝐀𝟙_"), InlineData(@"\d", "𝟙", "𝟙"), InlineData(@"\S", "😀 ", "😀"), InlineData(@"(?<=😀)a", "😀a", "a")]
    [InlineData(@"a(?!𠮷)", "a𠮷a", "a"), InlineData(@"😀?", "a😀", "", "😀"), InlineData(@"[\p{Lu}\p{Ll}]+", "𝐀𝐚𐐀𐐨", "𝐀𝐚𐐀𐐨")]
    // What the two engines disagree about below U+FFFF.
    [InlineData(@"\s+", "\u0085\u2028\u180e\u200b\u00a0", "\u0085\u2028", "\u00a0"), InlineData(@"\w+", "²½⅓Ⓐ", "²½", "Ⓐ"),
        InlineData(@"[\w]+", "²½⅓Ⓐ", "Ⓐ"), InlineData(@".+", "a\rb\nc", "a\rb", "c")]
    [InlineData(@"(?i:'s)", "'S'ſ's", "'S", "'ſ", "'s"), InlineData(@"(?i:[k])", "Kk\u212A", "K", "k", "\u212A"),
        InlineData(@"(?i)i", "iIİı", "i", "I")]
    [InlineData(@"^b|a$", "a\na\nb", "a", "a", "b"), InlineData(@"^", "a\n", ""), InlineData(@"a++|aab", "aab", "aa")]
    public void Matches_are_those_of_the_reference(string pattern, string text, params string[] matches)
        => new CodePointPattern(pattern).Matches(text).Select(m => text.Substring(m.Start, m.Length)).Should().Equal(matches);

    [Theory]
    [InlineData(@"(a)\1", @"'\1'"), InlineData(@"(?<n>a)", "a special group"), InlineData(@"(?m:a)", "a special group"),
        InlineData(@"(?#a)", "a special group")]
    [InlineData(@"\p{Han}", "the property 'Han'"), InlineData(@"\p{Script=Latin}", "the property"),
        InlineData(@"\pL", "a property without '{'")]
    [InlineData(@"[a[b]]", "a set in a set"), InlineData(@"[a&&b]", "'&&'"), InlineData(@"[[:alpha:]]", "a set in a set"),
        InlineData(@"[]a]", "']' first")]
    [InlineData(@"(?i:ß)", "beyond ASCII"), InlineData(@"(?i:miss)", "'ss'"), InlineData(@"(?i:fit)", "'fi'"),
        InlineData(@"(?i:[\p{Lu}])", "a category")]
    [InlineData(@"(a*)*", "can match nothing"), InlineData(@"(?=a)*", "a repeated place"), InlineData(@"a**", "a repeated repetition"),
        InlineData(@"a{2}?", "a repeated repetition"), InlineData(@"*a", "nothing to repeat")]
    [InlineData(@"a{,3}", "no number"), InlineData(@"a{9999}", "a number of repetitions"), InlineData(@"(?<=a+)b", "in a look-behind"),
        InlineData(@"\X", @"'\X'")]
    [InlineData(@"a)", "a ')' without"), InlineData(@"(a", "no ')'"), InlineData(@"[a", "an end"), InlineData("\\", "an end"),
        InlineData(@"\xE9", "no character")]
    [InlineData(@"\uD842", "no character"), InlineData(@"[z-a]", "a range"), InlineData(@"[\d-z]", "a range"),
        InlineData("(?", "a special group")]
    public void What_is_not_read_exactly_is_refused_by_name_and_place(string pattern, string what)
    {
        var read = () => new CodePointPattern(pattern);
        read.Should().Throw<FormatException>().WithMessage($"*{what}*at character*{pattern}*".Replace("[", "*", StringComparison.Ordinal)
            .Replace("?", "*", StringComparison.Ordinal));
    }

    [Theory]
    // As the reference's own iterator: an empty match is passed over where the match before it ended.
    [InlineData("", "ab", 0, 1, 2), InlineData("()", "a𠮷b", 0, 1, 3, 4), InlineData("(?=.)", "ab", 0, 1),
        InlineData("a*", "baac", 0, 1, 4), InlineData("$", "ab", 2)]
    public void A_pattern_that_can_match_nothing_makes_progress(string pattern, string text, params int[] starts)
        => new CodePointPattern(pattern).Matches(text).Select(m => m.Start).Should().Equal(starts);

    [Theory]
    // The reference's documentation of its behaviours, on one text.
    [InlineData("Removed", "The|final|countdown"), InlineData("Isolated", "The|-|final|-|-|countdown"),
        InlineData("Contiguous", "The|-|final|--|countdown")]
    [InlineData("MergedWithPrevious", "The-|final-|-|countdown"), InlineData("MergedWithNext", "The|-final|-|-countdown")]
    public void What_the_pattern_does_not_match_is_kept(string behavior, string pieces)
        => Pieces(new SplitStep(CodePointPattern.OfText("-"), Enum.Parse<SplitBehavior>(behavior), invert: false), "The-final--countdown")
            .Should().Equal(pieces.Split('|'));

    [Fact]
    public void Inverted_what_lies_between_is_the_match()
        => Pieces(new SplitStep(new CodePointPattern(@"\p{L}+"), SplitBehavior.Removed, invert: true), "ab 12 cd").Should()
            .Equal("ab", "cd");

    private static List<string> Pieces(SplitStep step, string text)
    {
        var pieces = new List<string>();
        step.Split(text, pieces);
        return pieces;
    }
}
