using Microsoft.Win32.SafeHandles;

namespace ViSurf.Core.Data;

/// <summary>The lines of a file that are not blank.</summary>
/// <param name="Starts">Offsets of their first bytes.</param>
/// <param name="Lengths">Their bytes without the line's end; <see cref="int.MaxValue"/> for more.</param>
/// <param name="Lines">Their numbers in the file, from 1.</param>
/// <param name="FileLength">Bytes of the file.</param>
/// <remarks>
/// A line ends with LF, CR LF or CR, as in Python's text mode. Blank is what is white space in Unicode. A byte order mark before a line is
/// not part of it: files that were put one after the other have them in the middle.
/// </remarks>
internal sealed record LineIndex(long[] Starts, int[] Lengths, int[] Lines, long FileLength)
{
    // No run of blanks that somebody typed is longer.
    private const int LongestBlank = 4096;

    /// <summary>Goes through a file once.</summary>
    public static LineIndex Of(SafeFileHandle file)
    {
        var (starts, lengths, lines) = (new List<long>(), new List<int>(), new List<int>());
        var buffer = new byte[1 << 16];
        var (offset, start, line, afterReturn) = (0L, 0L, 1, false);
        // Whether the line has a character that is no ASCII white space, and whether one is beyond ASCII.
        var (text, beyond, first) = (false, false, (byte)0);
        for (int read; (read = RandomAccess.Read(file, buffer, offset)) > 0; offset += read)
        {
            for (var i = 0; i < read; i++)
            {
                var c = buffer[i];
                if (c == '\n' && afterReturn)
                {
                    (start, afterReturn) = (offset + i + 1, false); // the second half of one end
                    continue;
                }
                afterReturn = c == '\r';
                if (offset + i == start) first = c;
                if (c is (byte)'\n' or (byte)'\r')
                {
                    Add(offset + i);
                    (start, line, text, beyond) = (offset + i + 1, checked(line + 1), false, false);
                }
                else if (c >= 0x80)
                {
                    beyond = true;
                }
                else
                {
                    text |= c is not ((byte)' ' or (byte)'\t' or (byte)'\v' or (byte)'\f');
                }
            }
        }
        Add(offset);
        return new LineIndex([.. starts], [.. lengths], [.. lines], offset);

        void Add(long end)
        {
            if (!text && !beyond) return;
            var mark = first == 0xEF && end - start >= 3 && Bytes(start, 3) is [0xEF, 0xBB, 0xBF] ? 3 : 0;
            if (!text && end - start <= LongestBlank
                && string.IsNullOrWhiteSpace(System.Text.Encoding.UTF8.GetString(Bytes(start + mark, (int)(end - start) - mark)))) return;
            starts.Add(start + mark);
            lengths.Add((int)Math.Min(end - start - mark, int.MaxValue));
            lines.Add(line);
        }

        byte[] Bytes(long at, int count)
        {
            var bytes = new byte[count];
            var got = RandomAccess.Read(file, bytes, at);
            return got == count ? bytes : bytes[..got];
        }
    }
}
