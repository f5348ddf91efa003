using System.Buffers.Binary;

namespace ViSurf.Core.Data.Pictures;

/// <summary>The formats that are read; nothing else ever reaches a decoder, whatever more it could read.</summary>
internal enum PictureFormat
{
    Png,
    Jpeg,
    WebP,
    Gif,
    Bmp,
    Tiff,
}

/// <summary>Which format a file is, by its first bytes: a name may lie.</summary>
internal static class PictureSignature
{
    private const int Longest = 12;

    /// <exception cref="FormatException">Another format; says which where that can be told.</exception>
    public static PictureFormat Read(PictureBytes bytes)
    {
        if (bytes.Length == 0) throw new FormatException("an empty one");
        Span<byte> head = stackalloc byte[Longest];
        bytes.Slice(0, (int)Math.Min(Longest, bytes.Length)).CopyTo(head);
        return Known(head) ?? throw new FormatException(Other(head));
    }

    private static PictureFormat? Known(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A])) return PictureFormat.Png;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return PictureFormat.Jpeg;
        if (head.StartsWith("RIFF"u8) && head[8..].SequenceEqual("WEBP"u8)) return PictureFormat.WebP;
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8)) return PictureFormat.Gif;
        if (head.StartsWith("BM"u8)) return PictureFormat.Bmp;
        return head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8) ? PictureFormat.Tiff : null;
    }

    private static string Other(ReadOnlySpan<byte> head)
    {
        if (head[4..].StartsWith("ftyp"u8)) return "one in HEIF, AVIF or another format of that kind";
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x0A]) || head[4..].StartsWith("JXL "u8)) return "a JPEG XL";
        if (head[4..].StartsWith("jP  "u8)) return "a JPEG 2000";
        if (head.StartsWith("II+\0"u8) || head.StartsWith("MM\0+"u8)) return "a BigTIFF";
        if (head.StartsWith("8BPS"u8)) return "a Photoshop file";
        if (head.StartsWith("%PDF"u8)) return "a PDF";
        var icon = BinaryPrimitives.ReadUInt32BigEndian(head);
        return icon is 0x00000100 or 0x00000200 ? "an icon" : "one whose first bytes are those of no picture";
    }
}
