using System.Security.Cryptography;
using System.Text.Json;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// Small pictures with what Pillow 9.4 makes of them: size, and SHA-256 of the RGB bytes. How they were made stands in Fixtures/README.md.
/// </summary>
/// <param name="Folder">Below Fixtures.</param>
/// <param name="File">Name in it.</param>
/// <param name="Expected">The entry of pillow.json.</param>
internal sealed record GoldenPicture(string Folder, string File, JsonElement Expected)
{
    public ImageSource Source => ImageSource.FromFile(Path);

    public byte[] Bytes => System.IO.File.ReadAllBytes(Path);

    private string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", Folder, File);

    public static IReadOnlyList<GoldenPicture> All(string folder)
    {
        var json = JsonDocument.Parse(System.IO.File.ReadAllBytes(System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", folder,
            "pillow.json")));
        return [.. json.RootElement.GetProperty("pictures").EnumerateArray()
            .Select(entry => new GoldenPicture(folder, entry.GetProperty("file").GetString()!, entry))];
    }

    /// <summary>"equal", or in a word what else came out.</summary>
    public string Compare(IImageDecoder decoder, string sha = "sha256")
    {
        try
        {
            var image = decoder.Decode(Source);
            if (decoder.SizeOf(Source) != new FrameSize(image.Width, image.Height)) return "another size";
            return !Expected.TryGetProperty(sha, out var right) ? "read" : Sha(image) == right.GetString() ? "equal" : "other pixels";
        }
        catch (InvalidDataException e)
        {
            return e.Message.Contains(File, StringComparison.Ordinal) ? "refused" : e.Message;
        }
    }

    public static string Sha(RgbImage image) => Convert.ToHexStringLower(SHA256.HashData(image.Pixels));
}
