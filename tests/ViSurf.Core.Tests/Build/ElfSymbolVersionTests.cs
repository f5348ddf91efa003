using System.Buffers.Binary;
using System.Text;
using FluentAssertions;
using ViSurf.BuildSteps;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Build;

/// <summary>The build step's rewriting of an ELF file that needs libstdc++ GLIBCXX_3.4.29 and 3.4.32.</summary>
public sealed class ElfSymbolVersionTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const int FlagsOfTheSecondEntry = Needs + 16 + 16 + 4;
    private const int Headers = 64, Needs = Headers + 3 * 64, Strings = Needs + 48;

    [Fact]
    public void Exactly_the_flags_of_that_version_change()
    {
        var (before, after) = (Elf(), Elf());
        ElfSymbolVersion.Weaken(after, Version).Should().Be(ElfSymbolVersion.Outcome.MadeWeak);
        after[FlagsOfTheSecondEntry].Should().Be(2);
        after[FlagsOfTheSecondEntry] = 0;
        after.Should().Equal(before);
    }

    [Fact]
    public void A_patched_file_stays_as_it_is()
    {
        var once = Elf();
        ElfSymbolVersion.Weaken(once, Version);
        var twice = once.ToArray();
        ElfSymbolVersion.Weaken(twice, Version).Should().Be(ElfSymbolVersion.Outcome.AlreadyWeak);
        twice.Should().Equal(once);
    }

    [Fact]
    public void A_version_that_is_not_asked_for_is_not_needed()
        => ElfSymbolVersion.Weaken(Elf(), "GLIBCXX_3.4").Should().Be(ElfSymbolVersion.Outcome.NotNeeded, "a prefix is not a match");

    [Fact]
    public void A_file_cut_anywhere_is_refused_with_the_offset_and_not_written()
    {
        using var folder = new TemporaryDirectory();
        var whole = Elf();
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(folder.File("cut.so"), whole[..length]);
            var weaken = () => ElfSymbolVersion.WeakenFile(folder.File("cut.so"), Version);
            weaken.Should().Throw<FormatException>("{0} of {1} bytes are there", length, whole.Length).WithMessage("offset *");
            File.ReadAllBytes(folder.File("cut.so")).Should().Equal(whole[..length]);
        }
    }

    [Theory]
    [InlineData(0, 0x00, "offset 0*")]                          // magic
    [InlineData(4, 0x01, "offset 4*")]                          // 32 bit
    [InlineData(5, 0x02, "offset 4*")]                          // big endian
    [InlineData(Headers + 64 + 40, 0x77, "offset *")]           // string table that does not exist
    [InlineData(Needs + 15, 0x01, "offset *")]                  // next need far outside
    [InlineData(Needs + 11, 0x7f, "offset *")]                  // entries far outside
    [InlineData(0x2f, 0xff, "*")]                               // section headers at the end of the address space
    public void A_damaged_field_is_refused(int at, byte value, string message)
    {
        var elf = Elf();
        elf[at] = value;
        var weaken = () => ElfSymbolVersion.Weaken(elf, Version);
        weaken.Should().Throw<Exception>().Which.Should().Match<Exception>(e => e is FormatException || e is OverflowException)
            .And.Match<Exception>(e => e is OverflowException || e.Message.StartsWith(message.TrimEnd('*'), StringComparison.Ordinal));
    }

    [Fact]
    public void The_file_keeps_its_time_so_that_the_next_build_leaves_it_alone()
    {
        using var folder = new TemporaryDirectory();
        var copy = folder.File("copy.so");
        File.WriteAllBytes(copy, Elf());
        var time = new DateTime(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(copy, time);
        ElfSymbolVersion.WeakenFile(copy, Version).Should().Be(ElfSymbolVersion.Outcome.MadeWeak);
        File.GetLastWriteTimeUtc(copy).Should().Be(time);
        File.ReadAllBytes(copy)[FlagsOfTheSecondEntry].Should().Be(2);
    }

    [Fact]
    public void A_file_that_is_linked_to_the_package_cache_is_replaced_and_the_cache_left_alone()
    {
        using var folder = new TemporaryDirectory();
        var (cache, copy) = (folder.File("cache.so"), folder.File("copy.so"));
        File.WriteAllBytes(cache, Elf());
        File.CreateSymbolicLink(copy, cache);
        ElfSymbolVersion.WeakenFile(copy, Version).Should().Be(ElfSymbolVersion.Outcome.MadeWeak);
        File.ReadAllBytes(cache).Should().Equal(Elf());
        File.ReadAllBytes(copy)[FlagsOfTheSecondEntry].Should().Be(2);
        Directory.GetFiles(folder.Path).Should().HaveCount(2, "nothing temporary is left");
    }

    [Fact]
    public void TorchSharps_own_library_in_the_output_folder_is_in_a_state_the_step_understands()
    {
        var library = Directory.GetFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).FirstOrDefault();
        if (library is null) return;   // Windows and macOS
        var weaken = () => ElfSymbolVersion.Weaken(File.ReadAllBytes(library), Version);
        weaken.Should().NotThrow();
    }

    /// <summary>Header, three section headers (null, version needs, strings), one need with two entries, strings.</summary>
    private static byte[] Elf()
    {
        var strings = System.Text.Encoding.ASCII.GetBytes("\0libstdc++.so.6\0GLIBCXX_3.4.29\0GLIBCXX_3.4.32\0");
        var elf = new byte[Strings + strings.Length];
        void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), value);
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);
        void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(at), value);
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(elf, 0);
        U64(0x28, Headers);
        U16(0x3a, 64);
        U16(0x3c, 3);
        U32(Headers + 64 + 4, 0x6ffffffe);
        U64(Headers + 64 + 24, Needs);
        U64(Headers + 64 + 32, 48);
        U32(Headers + 64 + 40, 2);
        U32(Headers + 128 + 4, 3);
        U64(Headers + 128 + 24, Strings);
        U64(Headers + 128 + 32, (ulong)strings.Length);
        U16(Needs, 1);
        U16(Needs + 2, 2);
        U32(Needs + 4, 1);
        U32(Needs + 8, 16);
        for (var i = 0; i < 2; i++)
        {
            U32(Needs + 16 + i * 16 + 8, (uint)(16 + i * 15));
            U32(Needs + 16 + i * 16 + 12, i == 0 ? 16u : 0u);
        }
        strings.CopyTo(elf, Strings);
        return elf;
    }
}
