namespace ViSurf.Core.Data.Pictures;

/// <summary>The header of a BMP, of every version from OS/2's on.</summary>
internal static class BmpFile
{
    private const int FileHeader = 14, CoreHeader = 12, Runs8 = 1, Runs4 = 2;

    /// <exception cref="FormatException">Not a whole BMP, or one that holds a JPEG or PNG.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        var (data, size) = (bytes.Four(10, false), bytes.Four(FileHeader, false));
        var core = size == CoreHeader;
        if (!core && size is < 16 or > 1 << 16) throw new FormatException("a BMP with an impossible header");
        long width = core ? bytes.Two(18, false) : (int)bytes.Four(18, false);
        // Rows from the top are said by a negative number of them; 64 bits hold the smallest one's opposite.
        long height = core ? bytes.Two(20, false) : Math.Abs((long)(int)bytes.Four(22, false));
        var (bits, method) = (bytes.Two(core ? 24 : 28, false), core || size < 20 ? 0 : bytes.Four(30, false));
        if (bits is not (1 or 2 or 4 or 8 or 16 or 24 or 32)) throw new FormatException($"a BMP with {bits} bits a pixel");
        if (method is not (0 or 1 or 2 or 3 or 6)) throw new FormatException($"a BMP compressed by method {method}");
        if (width > 0 && method is Runs8 or Runs4) EnsureRuns(bytes, data, method == Runs4, width, height);
        // Rows are padded to four bytes.
        else if (width > 0 && data + (width * bits + 31) / 32 * 4 * (double)height > bytes.Length) throw PictureBytes.Cut();
        return new PictureHeader(PictureFormat.Bmp, width, height);
    }

    /// <summary>Runs either end with a mark, or fill every row.</summary>
    private static void EnsureRuns(PictureBytes bytes, long offset, bool halves, long width, long height)
    {
        for (long x = 0, y = 0; ; offset += 2)
        {
            if (y >= height && offset >= bytes.Length) return;
            int count = bytes[offset], value = bytes[offset + 1];
            if (count > 0) x += count;
            else if (value == 1) return;
            else if (value == 0) (x, y) = (0, y + 1);
            else if (value == 2)
            {
                (x, y) = (x + bytes[offset + 2], y + bytes[offset + 3]);
                offset += 2;
            }
            else
            {
                x += value;
                // As many pixels as they come, padded to two bytes.
                offset += ((halves ? (value + 1) / 2 : value) + 1) / 2 * 2;
            }
            if (x >= width && y >= height - 1 && offset + 2 >= bytes.Length) return;
        }
    }
}
