namespace ViSurf.Core.Data.Pictures;

/// <summary>
/// The entries of a TIFF directory, which EXIF is too. A file's must all be there; of EXIF's those count that are, as for Pillow.
/// </summary>
internal sealed class TiffDirectory
{
    private readonly PictureBytes _bytes;
    private readonly bool _bigEndian;
    private readonly Dictionary<int, (int Type, long Count, long Offset)> _entries = [];

    /// <param name="bytes">The whole block; offsets count from its start.</param>
    /// <param name="whole">Whether every entry must be there.</param>
    /// <exception cref="FormatException">There is no directory, or not all of it.</exception>
    public TiffDirectory(PictureBytes bytes, bool whole)
    {
        (_bytes, _bigEndian) = (bytes, bytes[0] == 'M');
        var start = bytes.Four(4, _bigEndian);
        var count = bytes.Two(start, _bigEndian);
        // Behind the entries stands where the next directory is.
        if (whole) bytes.Four(start + 2 + 12L * count, _bigEndian);
        for (var i = 0; i < count; i++)
        {
            var entry = start + 2 + 12L * i;
            if (entry + 12 > bytes.Length && Ends(whole)) return;
            var (tag, type, values) = (bytes.Two(entry, _bigEndian), bytes.Two(entry + 2, _bigEndian), bytes.Four(entry + 4, _bigEndian));
            if (Size(type) is not { } size) continue;
            var at = values * size > 4 ? bytes.Four(entry + 8, _bigEndian) : entry + 8;
            if (at + values * size > bytes.Length && Ends(whole)) return;
            if (values > 0) _entries[tag] = (type, values, at);
        }
    }

    /// <summary>Number of values; 0 where there is no such entry.</summary>
    public long Count(int tag) => _entries.GetValueOrDefault(tag).Count;

    /// <summary>The bytes of a text or a block; empty where there is none.</summary>
    public ReadOnlySpan<byte> Block(int tag, int most)
        => _entries.TryGetValue(tag, out var entry) && Size(entry.Type) == 1
            ? _bytes.Slice(entry.Offset, (int)Math.Min(entry.Count, most))
            : default;

    /// <summary>A value that is a number.</summary>
    /// <returns>Null where the entry is missing, shorter than that, or holds bytes or text.</returns>
    public double? Number(int tag, long index = 0)
    {
        if (!_entries.TryGetValue(tag, out var entry) || index >= entry.Count) return null;
        var at = entry.Offset + index * Size(entry.Type)!.Value;
        return entry.Type switch
        {
            3 => _bytes.Two(at, _bigEndian),
            4 or 13 => _bytes.Four(at, _bigEndian),
            5 => _bytes.Four(at, _bigEndian) / (double)_bytes.Four(at + 4, _bigEndian),
            6 => (sbyte)_bytes[at],
            8 => (short)_bytes.Two(at, _bigEndian),
            9 => (int)_bytes.Four(at, _bigEndian),
            10 => (int)_bytes.Four(at, _bigEndian) / (double)(int)_bytes.Four(at + 4, _bigEndian),
            11 => BitConverter.UInt32BitsToSingle((uint)_bytes.Four(at, _bigEndian)),
            12 => BitConverter.UInt64BitsToDouble(Eight(at)),
            16 => Eight(at),
            _ => null,
        };
    }

    private static bool Ends(bool whole) => whole ? throw PictureBytes.Cut() : true;

    private ulong Eight(long at)
    {
        var (first, second) = ((ulong)_bytes.Four(at, _bigEndian), (ulong)_bytes.Four(at + 4, _bigEndian));
        return _bigEndian ? first << 32 | second : second << 32 | first;
    }

    private static int? Size(int type) => type switch
    {
        1 or 2 or 6 or 7 => 1,
        3 or 8 => 2,
        4 or 9 or 11 or 13 => 4,
        5 or 10 or 12 or 16 => 8,
        _ => null,
    };
}
