using System.Buffers.Binary;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>The symbols that a shared library of Linux asks others for, as <c>nm -D --undefined-only</c> lists them.</summary>
internal static class ElfImports
{
    private const int Entry = 24;
    private static readonly byte[] Magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];   // 64-bit, little-endian
    private const uint DynamicSymbols = 11;   // SHT_DYNSYM
    private const int Weak = 2;               // STB_WEAK

    /// <summary>Names, mangled; weak ones, which may be missing, are left out.</summary>
    /// <exception cref="InvalidDataException">Not a complete 64-bit little-endian ELF file.</exception>
    public static IReadOnlyList<string> Of(byte[] elf)
    {
        try
        {
            if (!elf.AsSpan(0, Magic.Length).SequenceEqual(Magic)) throw new InvalidDataException("Expected a 64-bit little-endian ELF file, got another.");
            var (table, size, count) = (Long(elf, 0x28), Short(elf, 0x3a), Short(elf, 0x3c));
            for (var i = 0; i < count; i++)
            {
                var section = table + i * size;
                if (Int(elf, section + 4) != DynamicSymbols) continue;
                var names = table + (int)Int(elf, section + 40) * size;
                return Undefined(elf, Long(elf, section + 24), Long(elf, section + 32), Long(elf, names + 24));
            }
            return [];
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new InvalidDataException($"Expected a complete ELF file, got one of {elf.Length} bytes that points beyond its end.", e);
        }
    }

    private static List<string> Undefined(byte[] elf, int start, int bytes, int names)
    {
        var found = new List<string>();
        for (var at = start; at < start + bytes; at += Entry)
        {
            var (name, info, section) = ((int)Int(elf, at), elf.AsSpan(at + 4)[0], Short(elf, at + 6));
            if (name == 0 || section != 0 || info >> 4 == Weak) continue;
            var text = elf.AsSpan(names + name);
            found.Add(System.Text.Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]));
        }
        return found;
    }

    private static int Long(byte[] elf, int at) => checked((int)BinaryPrimitives.ReadInt64LittleEndian(elf.AsSpan(at)));

    private static uint Int(byte[] elf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));

    private static int Short(byte[] elf, int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at));
}
