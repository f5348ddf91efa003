namespace ViSurf.Core.Data.Sources;

/// <summary>Reads the compact protocol of Thrift (thrift-compact-protocol.md), as far as Parquet's page headers need it.</summary>
/// <param name="bytes">Begins with a struct.</param>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int Deepest = 16;
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _at;

    /// <summary>The next field of a struct; false at its end.</summary>
    /// <param name="id">The last field's id on entry (0 at first), this one's on return.</param>
    /// <param name="type">1 and 2 are true and false themselves.</param>
    public bool Field(ref int id, out int type)
    {
        var head = Byte();
        type = head & 15;
        if (head == 0) return false;
        id = head >> 4 == 0 ? Int() : id + (head >> 4);
        return true;
    }

    /// <summary>A whole number in zigzag.</summary>
    public int Int()
    {
        var value = Varint();
        return value <= uint.MaxValue ? (int)(value >> 1) ^ -(int)(value & 1) : throw new EndOfStreamException();
    }

    /// <summary>Passes over a value.</summary>
    public void Skip(int type, int depth = 0)
    {
        if (depth > Deepest) throw new EndOfStreamException();
        switch (type)
        {
            case 1 or 2: break;
            case 3: Move(1); break;
            case 4 or 5 or 6: Varint(); break;
            case 7: Move(8); break;
            case 8: Move(Varint()); break;
            case 9 or 10:
                var head = Byte();
                var count = head >> 4 == 15 ? Varint() : (ulong)(head >> 4);
                // In a list a boolean is a byte.
                for (var i = 0UL; i < count; i++) Skip((head & 15) is 1 or 2 ? 3 : head & 15, depth + 1);
                break;
            case 12:
                var id = 0;
                while (Field(ref id, out var member)) Skip(member, depth + 1);
                break;
            default: throw new EndOfStreamException();
        }
    }

    private byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw new EndOfStreamException();

    private void Move(ulong count) => _at = count <= (ulong)(_bytes.Length - _at) ? _at + (int)count : throw new EndOfStreamException();

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 127) << shift;
            if (part < 128) return value;
        }
        throw new EndOfStreamException();
    }
}
