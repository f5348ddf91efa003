using System.Buffers.Binary;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>Files that were whole once.</summary>
internal static class Bytes
{
    private static readonly uint[] Numbers = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
        32768, 32769, 65535, 23171];

    /// <summary>One to four changes.</summary>
    public static byte[] Changed(Dice dice, byte[] file)
    {
        for (var changes = 1 + dice.Size(3); changes > 0 && file.Length > 0; changes--) file = Once(dice, file);
        return file;
    }

    private static byte[] Once(Dice dice, byte[] file)
    {
        var at = dice.Once(2) ? dice.Below(file.Length) : dice.Below(Math.Min(file.Length, 64));   // headers lie in front
        switch (dice.Below(9))
        {
            case 0:
                return With(file, at, (byte)(file[at] ^ (1 << dice.Below(8))));
            case 1:
                return With(file, at, dice.Byte());
            case 2:
                return file[..at];
            case 3:
                return [.. file, .. dice.Bytes(1 + dice.Size(300))];
            case 4:
                return [.. file[..at], .. dice.Bytes(1 + dice.Size(20)), .. file[at..]];
            case 5:
                return [.. file[..at], .. file[Math.Min(file.Length, at + 1 + dice.Size(200))..]];
            case 6:
                var from = dice.Below(file.Length);
                return [.. file[..at], .. file[from..Math.Min(file.Length, from + 1 + dice.Size(100))], .. file[at..]];
            case 7:
                return Number(dice, file, at);
            default:
                var copy = file.ToArray();
                copy.AsSpan(at, Math.Min(copy.Length - at, 1 + dice.Size(64))).Fill(dice.Once(2) ? (byte)0 : (byte)0xFF);
                return copy;
        }
    }

    private static byte[] Number(Dice dice, byte[] file, int at)
    {
        var copy = file.ToArray();
        Span<byte> number = stackalloc byte[4];
        if (dice.Once(2)) BinaryPrimitives.WriteUInt32BigEndian(number, dice.Of(Numbers));
        else BinaryPrimitives.WriteUInt32LittleEndian(number, dice.Of(Numbers));
        number[..Math.Min(4, copy.Length - at)].CopyTo(copy.AsSpan(at));
        return copy;
    }

    private static byte[] With(byte[] file, int at, byte value)
    {
        var copy = file.ToArray();
        copy[at] = value;
        return copy;
    }
}
