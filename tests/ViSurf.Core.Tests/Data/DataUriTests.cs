using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Pictures written out in a row. Whatever is wrong with one, its content is in no message.</summary>
public sealed class DataUriTests
{
    // 0xFB 0xFF 0xBF is "+/+/" in base64: both characters that a URI may have to escape.
    [Theory]
    [InlineData("data:image/png;base64,+/+/")]
    [InlineData("DATA:IMAGE/PNG;BASE64,+/+/")]
    [InlineData("data:image/jpeg;charset=utf-8;base64,+/+/")]
    [InlineData("data:image/png;base64,%2B/%2b/")]
    [InlineData("data:image/png;base64,+/\r\n+/")]
    [InlineData("data:image/webp,%FB%ff%Bf")]
    public void The_same_three_bytes(string uri)
        => ImageSource.FromDataUri(uri, "p").ReadAllBytes().ToArray().Should().Equal(0xFB, 0xFF, 0xBF);

    [Theory]
    [InlineData("data:image/png;base64,SECRETSECRET*", "not base64")]
    [InlineData("data:image/png;base64,SECRETSECRETS", "not base64")]
    [InlineData("data:image/png;base64,", "without content")]
    [InlineData("data:image/png,", "without content")]
    [InlineData("data:text/html;base64,SECRETSECRET", "'text/html'")]
    [InlineData("data:,SECRETSECRET", "media type ''")]
    [InlineData("data:base64,SECRETSECRET", "'base64'")]
    [InlineData("data:image/png;base64", "a text that is none")]
    [InlineData("SECRETSECRET", "a text that is none")]
    [InlineData("data:image/png,SECRET%4", "% without two hexadecimal digits at place 6")]
    [InlineData("data:image/png,SECRET%zz", "% without two hexadecimal digits at place 6")]
    [InlineData("data:image/png,SECRETé", "outside ASCII at place 6")]
    public void What_is_no_picture_is_refused_in_a_short_sentence(string uri, string found)
    {
        var message = FluentActions.Invoking(() => ImageSource.FromDataUri(uri, "picture 1 of row 7")).Should()
            .Throw<InvalidDataException>().Which.Message;
        message.Should().Contain(found).And.Contain("picture 1 of row 7").And.NotContain("SECRET");
        message.Length.Should().BeLessThan(250);
    }

    [Fact]
    public void A_huge_one_is_refused()
    {
        // 4 characters of base64 are 3 bytes: 96 Mi characters are 72 MiB.
        var uri = "data:image/png;base64," + new string('A', 96 << 20);
        var message = FluentActions.Invoking(() => ImageSource.FromDataUri(uri, "row 7")).Should()
            .Throw<InvalidDataException>().Which.Message;
        message.Should().Contain("at most 64 MiB").And.Contain("row 7").And.NotContain("AAAA");
    }

    [Fact]
    public void A_media_type_of_a_page_is_not_quoted_whole()
        => FluentActions.Invoking(() => ImageSource.FromDataUri($"data:{new string('x', 5000)},A", "p")).Should()
            .Throw<InvalidDataException>()
            .Which.Message.Length.Should().BeLessThan(250);

    [Fact]
    public void A_URI_is_no_path_and_no_name()
    {
        FluentActions.Invoking(() => ImageSource.FromFile("data:image/png;base64,SECRET")).Should().Throw<ArgumentException>()
            .Which.Message.Should().Contain("FromDataUri").And.NotContain("SECRET");
        ImageSource.FromBytes(new byte[1], "data:image/png;base64,SECRET").Name.Should().Be("data:image/png;base64…");
        ImageSource.FromDataUri("data:image/png;base64,AAAA", "data:image/png;base64,AAAA").Name.Should().Be("data:image/png;base64…");
    }

    [Fact]
    public void The_picture_of_the_case_opens()
    {
        foreach (var line in File.ReadLines(Cases.PathOf("43-picture-in-the-row", "rows.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            PictureSize.Of(ImageSource.FromDataUri(row.RootElement.GetProperty("image").GetString()!, "p")).Should()
                .Be(new FrameSize(80, 60));
        }
    }
}
