using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Which files rows may name as their pictures.</summary>
public sealed class PicturePathsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public PicturePathsTests()
    {
        Directory.CreateDirectory(_folder.File("data/images"));
        Directory.CreateDirectory(_folder.File("data-more"));
        foreach (var name in new[] { "outside.png", "data/images/a.png", "data-more/a.png" })
            File.WriteAllText(_folder.File(name), "no picture");
    }

    public static TheoryData<string> Folders() => [.. Cases.Of("43-")];

    [Theory]
    [InlineData("images/a.png")]
    [InlineData("./images/../images/a.png")]
    [InlineData("{0}/data/images/a.png")]
    public void Pictures_of_the_data_s_folder_are_read(string path)
        => Read(string.Format(null, path, _folder.Path)).Images.Single().ReadAllBytes().Length.Should().Be(10);

    [Theory]
    [InlineData("../outside.png")]
    [InlineData("images/../../outside.png")]
    [InlineData("../data-more/a.png")]
    [InlineData("{0}/outside.png")]
    [InlineData("/etc/hostname")]
    public void Pictures_of_other_places_are_an_option(string path)
    {
        var written = string.Format(null, path, _folder.Path);
        FluentActions.Invoking(() => Read(written)).Should().Throw<InvalidDataException>().WithMessage(
            $"*rows.jsonl:1 (id '1'): expected a picture inside '{_folder.File("data")}', got '{written}', which is '*'. "
                + $"If you trust who wrote these rows, name the folder * RowOptions.PicturesWithin (\"/\" allows every place).");
        if (written.StartsWith("/etc", StringComparison.Ordinal)) return;
        Read(written, new RowOptions { PicturesWithin = _folder.Path }).Images.Should().HaveCount(1);
        Read(written, new RowOptions { PicturesWithin = "/" }).Images.Should().HaveCount(1);
    }

    [Fact]
    public void A_link_is_the_file_it_leads_to()
    {
        File.CreateSymbolicLink(_folder.File("data/out.png"), _folder.File("outside.png"));
        Directory.CreateSymbolicLink(_folder.File("data/more"), _folder.File("data-more"));
        File.CreateSymbolicLink(_folder.File("data/in.png"), "images/a.png");
        foreach (var path in new[] { "out.png", "more/a.png" })
            FluentActions.Invoking(() => Read(path)).Should().Throw<InvalidDataException>().WithMessage("*expected a picture inside "
                + "*RowOptions.PicturesWithin*");
        Read("in.png").Images.Should().HaveCount(1);
        Read("out.png", new RowOptions { PicturesWithin = _folder.Path }).Images.Should().HaveCount(1);
        // The data's folder itself may be a link: it is the user's word.
        Directory.CreateSymbolicLink(_folder.File("linked"), _folder.File("data"));
        JsonLinesDataset.Load(Write("images/a.png", "linked")).Single().Images.Should().HaveCount(1);
    }

    [Fact]
    public void Links_of_the_hub_s_cache_are_followed()
    {
        Directory.CreateDirectory(_folder.File("data/snapshots/1a2b/images"));
        Directory.CreateDirectory(_folder.File("data/blobs"));
        File.WriteAllText(_folder.File("data/blobs/77"), "no picture");
        File.CreateSymbolicLink(_folder.File("data/snapshots/1a2b/images/a.png"), "../../../blobs/77");
        JsonLinesDataset.Load(Write("images/a.png", "data/snapshots/1a2b")).Single().Images.Should().HaveCount(1);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_picture_written_out_in_the_row_is_read(string folder)
    {
        var row = JsonLinesDataset.Load(Cases.PathOf(folder, "rows.jsonl"), new RowOptions { RequireLabel = false })[0];
        PictureSize.Of(row.Images[0]).Width.Should().BePositive();
        row.Images[0].Name.Length.Should().BeLessThan(200);
    }

    [Theory]
    [InlineData("https://example.org/a.png", "expected a picture in a file, got the address 'https://example.org/a.png'. "
        + "Pictures are not downloaded*")]
    [InlineData("s3://bucket/a.png", "*got the address*")]
    [InlineData("file:///etc/hostname", "*got the address*")]
    [InlineData("data:text/plain;base64,QUJD", "*text/plain*")]
    [InlineData("data:image/png;base64,%%%", "*picture 0 of*")]
    [InlineData("images\\\\a.png", "*found no such file. Here folders are separated by /, not by \\.")]
    [InlineData("a\\u0000.png", "*expected a path, got 6 characters*")]
    [InlineData("images", "*found a folder.")]
    public void What_is_no_file_is_said_by_name(string path, string message)
        => FluentActions.Invoking(() => Read(path, escaped: true)).Should().Throw<InvalidDataException>()
            .WithMessage(message.StartsWith('*') ? message : "*" + message);

    [Theory]
    [InlineData("https://example.org/")]
    [InlineData("data:image/png;base64,")]
    [InlineData("data:")]
    [InlineData("iVBORw0KGgo")]
    [InlineData("../")]
    [InlineData("images/")]
    public void No_message_repeats_a_long_value(string start)
        => FluentActions.Invoking(() => Read(start + new string('A', 1_000_001))).Should().Throw<InvalidDataException>()
            .Which.Message.Length.Should().BeLessThan(1000);

    public void Dispose() => _folder.Dispose();

    private VisionExample Read(string path, RowOptions? options = null, bool escaped = false)
        => JsonLinesDataset.Load(Write(escaped ? path : path.Replace("\\", "\\\\", StringComparison.Ordinal), "data"), options).Single();

    private string Write(string path, string folder)
    {
        var rows = _folder.File($"{folder}/rows.jsonl");
        File.WriteAllText(rows, $$"""{"id": 1, "image": "{{path}}", "problem": "?", "answer": "x"}""");
        return rows;
    }
}
