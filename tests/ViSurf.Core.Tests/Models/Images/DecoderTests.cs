using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Images;

/// <summary>Every format, mode and option against Pillow, to the last bit; where a decoder differs, it is known by name.</summary>
public sealed class DecoderTests
{
    private static readonly IReadOnlyList<GoldenPicture> Pictures = GoldenPicture.All("pictures");

    // Kinds of TIFF that are refused by name rather than read otherwise than Pillow reads them.
    private static readonly string[] RefusedTiffs =
    [
        "one-raw.tif", "la-raw.tif", "la-lzw.tif", "la-deflate.tif", "la-packbits.tif", "one-group3.tif", "one-group4.tif",
        "one-tiff_ccitt.tif", "cmyk.tif",
        "cmyk-lzw.tif", "ycbcr.tif", "int32.tif", "float.tif", "rgba-extra0.tif", "rgba-extra1.tif", "rgb-tiles.tif",
    ];

    // 16-bit grey, which Pillow clips at 255 and we divide by 256; five bits of a BMP, scaled up otherwise by one level; runs of a BMP that
    // leave
    // pixels out, and an odd number of them written out, which Pillow 9.4 misreads; JPEG in a TIFF, off by one level.
    private static readonly string[] Other =
    [
        "gray16.png", "gray16-interlaced.png", "gray16.tif", "gray16-little.tif", "gray16-big.tif", "rgb555.bmp", "rgb565.bmp",
        "rgb555-masks.bmp",
        "rle4.bmp", "rle8-skips.bmp", "rgb-jpeg.tif", "gray-jpeg.tif",
    ];

    [Fact]
    public void The_default_decoder_has_the_pixels_of_Pillow()
    {
        Pictures.Should().HaveCountGreaterThan(140);
        Named("refused", ImageDecoder.Default).Should().BeEquivalentTo(RefusedTiffs);
        Named("other pixels", ImageDecoder.Default).Should().BeEquivalentTo(Other);
        // Pillow refuses it: masks in an order it does not know.
        Named("read", ImageDecoder.Default).Should().Equal("rgb32-other-masks.bmp");
        Named("equal", ImageDecoder.Default).Should().HaveCount(Pictures.Count - RefusedTiffs.Length - Other.Length - 1);
    }

    [Fact]
    public void Skia_has_the_pixels_of_Pillow_and_no_TIFF()
    {
        Named("refused", ImageDecoder.Skia).Should()
            .BeEquivalentTo(Pictures.Select(p => p.File).Where(name => name.EndsWith(".tif", StringComparison.Ordinal)));
        Named("other pixels", ImageDecoder.Skia).Should()
            .BeEquivalentTo(Other.Where(name => !name.EndsWith(".tif", StringComparison.Ordinal)));
    }

    [Fact]
    public void ImageSharp_has_the_pixels_of_Pillow_except_for_JPEG()
    {
        Named("other pixels", ImageDecoder.ImageSharp).Should()
            .BeEquivalentTo(Other.Concat(Pictures.Select(p => p.File).Where(name => name.EndsWith(".jpg", StringComparison.Ordinal))));
        // From interlaced PNGs narrower than five pixels ImageSharp 2.1.13 does not return, or with rows mixed up.
        Named("refused", ImageDecoder.ImageSharp).Should().BeEquivalentTo(
            [.. RefusedTiffs, "animated.webp", "animated-lossy-alpha.webp", "interlaced-1x1.png", "interlaced-3x7.png"]);
    }

    [Theory]
    [InlineData("gray16.png")]
    [InlineData("gray16-interlaced.png")]
    public void The_upper_byte_of_16_bit_grey_counts(string file)
    {
        // The sample at (x, y) was made as (2654435761 x + 40503 y + x y) mod 65536.
        byte[] expected = [.. from y in Enumerable.Range(0, 23) from x in Enumerable.Range(0,
            37) let v = (byte)((2654435761L * x + 40503L * y + x * y) % 65536 >> 8) from c in new[] { v, v, v } select c];
        foreach (var decoder in new[] { ImageDecoder.Default, ImageDecoder.Skia, ImageDecoder.ImageSharp })
            decoder.Decode(Pictures.Single(p => p.File == file).Source).Pixels.Should().Equal(expected);
    }

    [Fact]
    public void A_picture_that_was_cut_off_is_refused_by_every_decoder()
    {
        // Of the second page of a TIFF nothing is read; runs may end without their mark once all rows are there.
        string[] endAfterTheirPixels = ["pages.tif", "rle8.bmp", "rle4.bmp"];
        var silent = from picture in Pictures
                     where !endAfterTheirPixels.Contains(picture.File)
                     let bytes = picture.Bytes
                     from left in new[] { 1, bytes.Length / 10, bytes.Length / 2, bytes.Length * 3 / 4, bytes.Length - 20,
                         bytes.Length - 3, bytes.Length - 1 }
                     from decoder in new[] { ImageDecoder.Default, ImageDecoder.Skia, ImageDecoder.ImageSharp }
                     where Reads(decoder, bytes.AsMemory(0, left))
                     select $"{picture.File} cut to {left} of {bytes.Length} bytes";
        silent.Should().BeEmpty();
    }

    [Fact]
    public void What_follows_a_picture_is_not_looked_at()
    {
        foreach (var file in new[] { "rgb8.png", "420-q90.jpg", "lossy.webp", "plain.gif", "rgb24.bmp", "rgb-lzw.tif" })
            Reads(ImageDecoder.Default, Pictures.Single(p => p.File == file).Bytes.Concat("and more"u8.ToArray()).ToArray()).Should()
                .BeTrue(file);
    }

    [Theory]
    [InlineData("AAAAHGZ0eXBhdmlm", "HEIF, AVIF")]
    [InlineData("AAABAAEAEBAAAAEA", "an icon")]
    [InlineData("OEJQUwABAAAAAAAA", "Photoshop")]
    [InlineData("JVBERi0xLjcKJeLj", "a PDF")]
    [InlineData("AAB/f////////w==", "first bytes")]
    [InlineData("aGVsbG8gd29ybGQ=", "first bytes")]
    [InlineData("/w==", "first bytes")]
    [InlineData("", "an empty one")]
    public void Other_formats_are_refused_by_name_whatever_a_decoder_could_read(string base64, string found)
    {
        var source = ImageSource.FromBytes(Convert.FromBase64String(base64), "row 7");
        foreach (var decoder in new[] { ImageDecoder.Default, ImageDecoder.Skia, ImageDecoder.ImageSharp })
            decoder.Invoking(d => d.Decode(source)).Should().Throw<InvalidDataException>().WithMessage($"Expected a complete PNG, JPEG, "
                + $"WebP, GIF, BMP or TIFF picture, got *{found}*: 'row 7'.*");
        FluentActions.Invoking(() => PictureSize.Of(source)).Should().Throw<InvalidDataException>().WithMessage($"*{found}*: 'row 7'.*");
    }

    [Fact]
    public void A_folder_a_pipe_or_a_device_is_not_opened()
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (var path in new[] { "/dev/zero", "/tmp", "/proc/self/mem" })
        {
            FluentActions.Invoking(() => PictureSize.Of(ImageSource.FromFile(path))).Should().Throw<InvalidDataException>()
                .WithMessage($"*{path}*");
            ImageDecoder.Default.Invoking(d => d.Decode(ImageSource.FromFile(path))).Should().Throw<InvalidDataException>()
                .WithMessage($"*{path}*");
        }
    }

    [Fact]
    public void A_decoder_of_ones_own_says_sizes_by_decoding()
        => ((IImageDecoder)new Square()).SizeOf(ImageSource.FromBytes(new byte[1], "p")).Should().Be(new FrameSize(2, 3));

    private static IEnumerable<string> Named(string outcome, IImageDecoder decoder)
        => Pictures.Where(p => p.Compare(decoder) == outcome).Select(p => p.File);

    private static bool Reads(IImageDecoder decoder, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            decoder.Decode(ImageSource.FromBytes(bytes, "cut"));
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private sealed class Square : IImageDecoder
    {
        public RgbImage Decode(ImageSource source) => new(2, 3, new byte[18]);
    }
}
