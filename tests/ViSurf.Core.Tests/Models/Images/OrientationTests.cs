using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Tests.Training;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Models.Images;

/// <summary>
/// EXIF orientation as Pillow's exif_transpose applies it, which <c>datasets</c> and transformers' <c>load_image</c> call.
/// </summary>
public sealed class OrientationTests
{
    private static readonly PictureOptions AsStored = new() { ApplyOrientation = false };
    private static readonly IReadOnlyList<GoldenPicture> Pictures = GoldenPicture.All("orientation");

    [Fact]
    public void Pictures_are_turned_as_Pillow_turns_them_in_every_format_that_can_say_so()
    {
        Pictures.Should().HaveCount(46);
        // All eight in four formats, then metadata of other kinds, and damaged ones.
        Pictures.Where(p => p.Compare(ImageDecoder.Default) != "equal").Select(p => p.File).Should().BeEmpty();
        Pictures.Where(p => PictureSize.Of(p.Source).Width != p.Expected.GetProperty("width").GetInt32()).Select(p => p.File).Should()
            .BeEmpty();
    }

    [Fact]
    public void Pixels_can_be_taken_as_they_are_stored()
    {
        var stored = ImageDecoder.With(AsStored);
        Pictures.Where(p => p.Compare(stored, "stored_sha256") != "equal").Select(p => p.File).Should().BeEmpty();
        Pictures.Where(p => PictureSize.Of(p.Source, AsStored).Width != p.Expected.GetProperty("stored_width").GetInt32()).Should()
            .BeEmpty();
    }

    [Fact]
    public void Each_decoder_turns_them_alike()
    {
        foreach (var file in new[] { "5.png", "6.webp", "7.png", "8.webp" })
            foreach (var decoder in new IImageDecoder[] { new SkiaImageDecoder(), new ImageSharpDecoder() })
                Pictures.Single(p => p.File == file).Compare(decoder).Should().Be("equal");
        var source = Pictures.Single(p => p.File == "6.jpg").Source;
        foreach (var decoder in new IImageDecoder[] { new SkiaImageDecoder(AsStored), new ImageSharpDecoder(AsStored) })
            decoder.SizeOf(source).Should().Be(new FrameSize(13, 7));
    }

    [Fact]
    public void The_orientation_in_XMP_counts_where_EXIF_has_none()
    {
        // Pillow reads JPEG's since version 11, so 9.4 made no golden picture of it.
        var plain = Pictures.Single(p => p.File == "1.jpg").Bytes;
        Turned(Segment("http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>")).Should().Be(new FrameSize(13, 7), "EXIF says 1");
        plain = Pictures.Single(p => p.File == "empty.jpg").Bytes;
        Turned(Segment("http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>")).Should().Be(new FrameSize(7, 13));

        FrameSize Turned(byte[] segment)
            => PictureSize.Of(ImageSource.FromBytes(new byte[] { 0xFF, 0xD8 }.Concat(segment).Concat(plain.Skip(2)).ToArray(), "p"));
        static byte[] Segment(string text) => [0xFF, 0xE1, 0, (byte)(text.Length + 2), .. System.Text.Encoding.Latin1.GetBytes(text)];
    }

    [Fact]
    public void The_look_at_a_data_set_counts_rows_with_turned_pictures()
    {
        var rows = Directory.GetFiles(Cases.PathOf("14-exif-orientation"), "*.jpg")
            .Append(Pictures.Single(p => p.File == "1.jpg").Source.Path!)
            .Select((path, i) => VisionExample.Ask($"{i}", "?", new TextTarget("a"), ImageSource.FromFile(path))).ToArray();
        var check = new DatasetCheck(new DemonstrationInjector(QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"))),
            Toy.Suite("any", (_, _) => 1), PictureSize.Of);
        check.Report(new ListSource(rows, "list")).Notes.Should()
            .ContainSingle(note => note.Contains("turned") && note.EndsWith($": {rows.Length - 1} of {rows.Length} rows"));
    }

    [Fact]
    public void The_pictures_of_the_case_stand_upright()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Cases.PathOf("14-exif-orientation", "expected.json")));
        foreach (var expected in json.RootElement.EnumerateArray())
        {
            var source = ImageSource.FromFile(Cases.PathOf("14-exif-orientation", expected.GetProperty("file").GetString()!));
            var size = expected.GetProperty("size_right").EnumerateArray().Select(n => n.GetInt32()).ToArray();
            var image = ImageDecoder.Default.Decode(source);
            new[] { image.Width, image.Height }.Should().Equal(size);
            PictureSize.Of(source).Should().Be(new FrameSize(size[0], size[1]));
            Mean(image, 0).Should().BeEquivalentTo(Numbers(expected, "first_row_mean_right"),
                o => o.Using<double>(c => c.Subject.Should().BeApproximately(c.Expectation, 1e-2)).WhenTypeIs<double>());
            Mean(image, image.Height - 1).Should().BeEquivalentTo(Numbers(expected, "last_row_mean_right"),
                o => o.Using<double>(c => c.Subject.Should().BeApproximately(c.Expectation, 1e-2)).WhenTypeIs<double>());
        }

        static double[] Numbers(JsonElement element, string name)
            => [.. element.GetProperty(name).EnumerateArray().Select(n => n.GetDouble())];
        static double[] Mean(RgbImage image, int row)
            => [.. Enumerable.Range(0, 3)
                .Select(c => Enumerable.Range(0, image.Width).Average(x => image.Pixels[3 * (row * image.Width + x) + c]))];
    }
}
