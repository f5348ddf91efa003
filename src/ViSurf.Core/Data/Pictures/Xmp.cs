using System.Text.RegularExpressions;

namespace ViSurf.Core.Data.Pictures;

/// <summary>The orientation that XMP metadata give where EXIF has none, found as Pillow finds it.</summary>
internal static partial class Xmp
{
    /// <summary>1 to 8, or 0 for none.</summary>
    public static int Orientation(ReadOnlySpan<byte> text)
        => Said().Match(System.Text.Encoding.Latin1.GetString(text)) is { Success: true } match ? match.Groups[1].Value[0] - '0' : 0;

    [GeneratedRegex("tiff:Orientation(?:=\"|>)([1-8])")]
    private static partial Regex Said();
}
