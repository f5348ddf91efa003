using System.Buffers.Binary;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Images;

/// <summary>
/// What a file claims is compared before it is believed. Of these sizes 4 w h or 3 w h wraps around in 32 bits, or does not and is
/// gigabytes: a native decoder wrote past its memory and ended the process.
/// </summary>
public sealed class HugePictureTests
{
    public static TheoryData<long, long> Sizes => new()
    {
        { 60000, 60000 }, { 65535, 65535 }, { 65535, 16385 }, { 32768, 32769 }, { 23171, 23171 }, { 30000, 30000 }, { 13378, 13378 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void A_claim_above_the_limit_is_refused_before_anything_is_decoded(long width, long height)
    {
        foreach (var (format, bytes) in Claims((int)width, (int)height))
        {
            var source = ImageSource.FromBytes(bytes, $"row 7 {format}");
            var said = $"*{width} × {height} pixels, more than the 178,956,970 of PictureOptions.MaxPixels*'row 7 {format}'*";
            if (format == "BMP") said = $"*'row 7 {format}'*"; // Its pixels would have to be there, uncompressed.
            foreach (var decoder in new[] { ImageDecoder.Default, ImageDecoder.Skia, ImageDecoder.ImageSharp })
                decoder.Invoking(d => d.Decode(source)).Should().Throw<InvalidDataException>()
                    .WithMessage(format == "TIFF" ? $"*row 7 {format}*" : said);
            FluentActions.Invoking(() => PictureSize.Of(source)).Should().Throw<InvalidDataException>()
                .WithMessage(format == "TIFF" ? $"*row 7 {format}*" : said);
            Thumbnail.Of(source, 100).Trouble.Should().Contain($"row 7 {format}");
        }
    }

    [Fact]
    public void A_canvas_of_a_WebP_that_its_picture_does_not_fill_is_refused()
    {
        var bytes = Golden("lossless-alpha.webp");
        // VP8X: flags, three bytes of nothing, width and height less one in three bytes each.
        byte[] extended = [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0xFF, 0x0F, 0, .. bytes[12..]];
        BinaryPrimitives.WriteInt32LittleEndian(extended.AsSpan(4), extended.Length - 8);
        FluentActions.Invoking(() => PictureSize.Of(ImageSource.FromBytes(extended, "p"))).Should().Throw<InvalidDataException>()
            .WithMessage("*canvas of 65536 × 4096 pixels and a picture of 37 × 23*");
    }

    [Fact]
    public void The_limit_is_an_option_and_then_bytes_that_cannot_hold_the_claim_are_refused()
    {
        var options = new PictureOptions { MaxPixels = 700_000_000 };
        FluentActions.Invoking(() => PictureSize.Of(ImageSource.FromBytes(Claims(23171, 23171)["PNG"], "p"), options)).Should()
            .Throw<InvalidDataException>()
            .WithMessage("*compressed bytes cannot hold the size it claims: 'p'*");
        var small = ImageSource.FromBytes(Golden("rgb8.png"), "p");
        new SkiaImageDecoder(new PictureOptions { MaxPixels = 37 * 23 }).Decode(small).Width.Should().Be(37);
        new ImageSharpDecoder(new PictureOptions { MaxPixels = 37 * 23 - 1 }).Invoking(d => d.Decode(small)).Should()
            .Throw<InvalidDataException>().WithMessage("*37 × 23 pixels, more than the 850 of*");
        FluentActions.Invoking(() => PictureSize.Of(small, new PictureOptions { MaxBytes = 100 })).Should().Throw<InvalidDataException>()
            .WithMessage("*at most 100 bytes*'p'*MaxBytes*");
        FluentActions.Invoking(() => new PictureOptions { MaxPixels = 715_827_864 }).Should()
            .Throw<ArgumentOutOfRangeException>("three bytes each would not fit into an array");
    }

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(278)]
    public void A_size_that_is_no_number_is_refused_by_name(int tag)
    {
        // Width, height or rows of a strip as a float that is NaN: compared with a limit it is on neither side.
        var tiff = Golden("rgb-endian-little.tif");
        var entry = Enumerable.Range(0, BinaryPrimitives.ReadUInt16LittleEndian(tiff.AsSpan(8))).Select(i => 10 + 12 * i)
            .Single(at => BinaryPrimitives.ReadUInt16LittleEndian(tiff.AsSpan(at)) == tag);
        BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(entry + 2), 11);
        BinaryPrimitives.WriteSingleLittleEndian(tiff.AsSpan(entry + 8), float.NaN);
        FluentActions.Invoking(() => PictureSize.Of(ImageSource.FromBytes(tiff, "row 7"))).Should().Throw<InvalidDataException>()
            .WithMessage("*a TIFF *'row 7'*");
    }

    [Fact]
    public void The_pictures_of_the_case()
    {
        // Pillow warns of the second and reads it.
        FluentActions.Invoking(() => ImageDecoder.Default.Decode(ImageSource.FromFile(Cases.PathOf("17-huge-pictures", "30000x30000.png"))))
            .Should().Throw<InvalidDataException>().WithMessage("*30000 × 30000 pixels*30000x30000.png*");
        PictureSize.Of(ImageSource.FromFile(Cases.PathOf("17-huge-pictures", "12000x12000.png"))).Should().Be(new FrameSize(12000, 12000));
    }

    private static byte[] Golden(string file) => GoldenPicture.All("pictures").Single(p => p.File == file).Bytes;

    /// <summary>Small files whose headers claim a size.</summary>
    private static Dictionary<string, byte[]> Claims(int width, int height)
    {
        var (png, jpeg, gif, bmp, tiff) = (Golden("rgb8.png"), Golden("420-q90.jpg"), Golden("plain.gif"), Golden("rgb24.bmp"),
            Golden("rgb-endian-little.tif"));
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Pictures.Crc(png.AsSpan(12, 17)));
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), (ushort)width);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(6), (ushort)width);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(8), (ushort)height);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), -height);
        // The first two entries of the directory at 8 are width and height.
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(tiff.AsSpan(30), height);
        return new() { ["PNG"] = png, ["JPEG"] = jpeg, ["GIF"] = gif, ["BMP"] = bmp, ["TIFF"] = tiff };
    }
}
