using System.Buffers.Binary;
using FluentAssertions;
using ViSurf.Core.Benchmarks.Gpu;
using Xunit;

namespace ViSurf.Core.Tests.Benchmarks.Gpu;

/// <summary>Which symbols a shared library asks others for.</summary>
public sealed class ElfImportsTests
{
    private const int Sections = 64, Symbols = 192, Names = 288;

    [Fact]
    public void Undefined_symbols_are_named_and_defined_and_weak_ones_are_not()
        => ElfImports.Of(File([("defined", 1, 7), ("wanted", 1, 0), ("weak", 2, 0)])).Should().Equal("wanted");

    [Fact]
    public void A_file_that_is_none_or_ends_early_is_refused()
    {
        FluentActions.Invoking(() => ElfImports.Of("MZ of another system"u8.ToArray())).Should().Throw<InvalidDataException>().WithMessage("*64-bit little-endian ELF*");
        FluentActions.Invoking(() => ElfImports.Of(File([("wanted", 1, 0)])[..200])).Should().Throw<InvalidDataException>().WithMessage("*200 bytes*");
    }

    /// <summary>A header, two sections (symbols and their names), three symbols of 24 bytes and a nameless first one, names.</summary>
    private static byte[] File((string Name, int Binding, int Section)[] symbols)
    {
        var elf = new byte[400];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 }.CopyTo(elf, 0);
        Long(0x28, Sections);
        (elf[0x3a], elf[0x3c]) = (64, 2);
        elf[Sections + 4] = 11;                                  // SHT_DYNSYM
        (elf[Sections + 40], elf[Sections + 64 + 4]) = (1, 3);   // its names are in section 1, a string table
        Long(Sections + 24, Symbols);
        Long(Sections + 32, 24 * (symbols.Length + 1));
        Long(Sections + 64 + 24, Names);
        var at = 1;
        for (var i = 0; i < symbols.Length; i++)
        {
            var (name, binding, section) = symbols[i];
            var entry = Symbols + 24 * (i + 1);
            (elf[entry], elf[entry + 4], elf[entry + 6]) = ((byte)at, (byte)(binding << 4), (byte)section);
            at += System.Text.Encoding.ASCII.GetBytes(name, elf.AsSpan(Names + at)) + 1;
        }
        return elf;

        void Long(int where, long value) => BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(where), value);
    }
}
