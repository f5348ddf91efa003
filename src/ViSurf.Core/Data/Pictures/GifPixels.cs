namespace ViSurf.Core.Data.Pictures;

/// <summary>How many pixels the compressed numbers of a GIF frame make, without making them (LZW with codes of up to 12 bits).</summary>
internal static class GifPixels
{
    private const int Codes = 4096;

    /// <summary>A decoder that stops in silence where the pixels stop gets only frames that hold them all.</summary>
    /// <exception cref="FormatException">Pixels are missing, or a code means nothing.</exception>
    public static void EnsureComplete(PictureBytes bytes, GifFrame frame)
    {
        int first = bytes[frame.Data];
        if (first is < 1 or > 8) throw new FormatException($"a GIF whose codes begin with {first} bits");
        var (clear, end) = (1 << first, (1 << first) + 1);
        var lengths = new int[Codes];
        Array.Fill(lengths, 1, 0, clear);
        var (missing, next, width, previous) = ((long)frame.Width * frame.Height, end + 1, first + 1, -1);
        var (bits, held) = (0u, 0);
        for (long block = frame.Data + 1, left; missing > 0 && (left = bytes[block]) > 0; block += left + 1)
        {
            foreach (var value in bytes.Slice(block + 1, (int)left))
            {
                bits |= (uint)value << held;
                held += 8;
                while (held >= width)
                {
                    var code = (int)(bits & ((1u << width) - 1));
                    bits >>= width;
                    held -= width;
                    if (code == clear)
                    {
                        (next, width, previous) = (end + 1, first + 1, -1);
                        continue;
                    }
                    if (code == end) throw PictureBytes.Cut();
                    // The first code after a clear is a colour; later ones may be one ahead of those that are known, while there is room.
                    if (previous < 0 ? code > clear : code > next || (code == next && next == Codes))
                        throw new FormatException("a GIF with a code that means nothing");
                    if (previous >= 0 && next < Codes)
                    {
                        lengths[next++] = lengths[previous] + 1;
                        if (next == 1 << width && width < 12) width++;
                    }
                    missing -= lengths[code];
                    previous = code;
                    if (missing <= 0) return;
                }
            }
        }
        if (missing > 0) throw PictureBytes.Cut();
    }
}
