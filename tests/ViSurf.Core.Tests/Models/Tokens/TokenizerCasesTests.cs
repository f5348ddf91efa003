using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>
/// Texts from public bug reports with the reference's ids: every <c>NAME-texts.json</c> belongs to the tokenizer in <c>NAME</c>.
/// </summary>
public sealed class TokenizerCasesTests
{
    private const string Texts = "texts.json";

    public static TheoryData<string, string> Files()
    {
        var data = new TheoryData<string, string>();
        foreach (var folder in Directory.GetDirectories(Cases.Root).Order(StringComparer.Ordinal))
            foreach (var file in Directory.GetFiles(folder, "*" + Texts).Order(StringComparer.Ordinal))
                data.Add(Path.GetFileName(folder), Path.GetFileName(file));
        return data;
    }

    [Fact]
    public void There_are_cases_of_code_points_and_of_flags()
        => Files().Count.Should().BeGreaterThanOrEqualTo(3);

    [Theory, MemberData(nameof(Files))]
    public void Every_text_of_a_report_has_the_references_ids(string folder, string file)
    {
        var tokenizer = QwenTokenizer.Load(Cases.PathOf(folder, file == Texts ? "tokenizer" : file[..^(Texts.Length + 1)]));
        using var texts = JsonDocument.Parse(File.ReadAllBytes(Cases.PathOf(folder, file)));
        texts.RootElement.GetArrayLength().Should().BePositive();
        foreach (var given in texts.RootElement.EnumerateArray())
        {
            var text = given.GetProperty("text").GetString()!;
            tokenizer.Encode(text).Should()
                .Equal(given.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), "of {0}", JsonSerializer.Serialize(text));
        }
    }

    [Fact]
    public void A_letter_beyond_FFFF_before_an_apostrophe_leaves_the_apostrophes_word_whole()
        => QwenTokenizer.Load(Fixtures.PathOf("qwen2_5_vl")).Encode("𠮷's menu").Should().Equal(172, 254, 106, 115, 781, 333, 282, 84);
}
