using ViSurf.Core.Data;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Images;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Pictures that are broken, cut, or larger than they are, to each of the decoders: refused with the name, or decoded, twice the same, in
/// the size that the header was read as having; and never in full where the header claims more than the limit.
/// </summary>
internal sealed class PicturesSurface : ISurface
{
    private static readonly IImageDecoder[] Decoders = [ImageDecoder.Default, ImageDecoder.Skia, ImageDecoder.ImageSharp];
    private readonly QwenImageProcessor _processor = new();

    public void Try(Attempt attempt)
    {
        var (name, file) = Make(attempt.Dice);
        attempt.Count();
        attempt.Note(name, file);
        var source = attempt.Dice.Once(2) ? ImageSource.FromBytes(file, name) : OnDisk(name, file);
        var decoder = attempt.Dice.Of(Decoders);
        FrameSize? size = null;
        attempt.Refusable(() => size = PictureSize.Of(source), name);
        attempt.Refusable(() =>
        {
            var image = decoder.Decode(source);
            Attempt.Expect(image.Pixels.Length == 3L * image.Width * image.Height, "another number of bytes than pixels");
            Attempt.Expect(size is null || (size.Value.Width, size.Value.Height) == (image.Width, image.Height),
                $"the header says {size}, the picture is {image.Width} × {image.Height}");
            if (image.Pixels.Length > 300_000) return;
            Attempt.Expect(decoder.Decode(source).Pixels.AsSpan().SequenceEqual(image.Pixels), "other pixels the second time");
            if (Math.Max(image.Width, image.Height) > 200 * Math.Min(image.Width, image.Height)) return;
            var (pixels, grid) = _processor.Process(image);
            using (pixels) Attempt.Expect(pixels.shape[0] == grid.Patches, "another number of patches than the grid's");
        }, name);
    }

    public void Dispose()
    {
    }

    private static (string Name, byte[] File) Make(Dice dice)
    {
        if (dice.Once(6)) return PictureFiles.Claiming(dice);
        var (name, file) = dice.Of(PictureFiles.Whole);
        if (dice.Once(40)) return (name, file);
        if (dice.Once(10)) return (name, file[..dice.Below(file.Length)]);
        return (name, Bytes.Changed(dice, file));
    }

    private static ImageSource OnDisk(string name, byte[] file)
    {
        File.WriteAllBytes(name, file);
        return ImageSource.FromFile(name);
    }
}
