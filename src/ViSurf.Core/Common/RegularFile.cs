using System.Runtime.InteropServices;

namespace ViSurf.Core.Common;

/// <summary>
/// Lets through what is a file and nothing else. Opening a named pipe waits until somebody writes into it, a device may have no end: where
/// a file is expected, neither is ever opened.
/// </summary>
/// <remarks>
/// .NET's attributes do not tell a pipe from a file, so on Linux the kernel is asked (man 2 statx, whose struct is the same on every
/// architecture). On other systems folders and what .NET calls devices are told apart.
/// </remarks>
internal static partial class RegularFile
{
    // Of man 7 inode.
    private const int TypeMask = 0xF000, Regular = 0x8000, Pipe = 0x1000, CharacterDevice = 0x2000, Folder = 0x4000, BlockDevice = 0x6000,
        Socket = 0xC000;
    private const int RelativeToWorkingDirectory = -100, TypeWanted = 1, StructSize = 256, ModeOffset = 28;

    /// <summary>Looks, follows links, opens nothing. What is not there passes: whoever opens it says so.</summary>
    /// <returns>The same path.</returns>
    /// <exception cref="InvalidDataException">Something else than a file is there.</exception>
    public static string Ensure(string path)
        => Other(path) is not { } other ? path
            : throw new InvalidDataException($"Expected a file at '{path}', got {other}, which is not read. Put the file itself there, "
                + $"or name another path.");

    private static string? Other(string path)
    {
        if (OperatingSystem.IsLinux() && Mode(path) is { } mode)
            return (mode & TypeMask) switch
            {
                Regular => null,
                Folder => "a folder",
                Pipe => "a named pipe",
                Socket => "a socket",
                CharacterDevice or BlockDevice => "a device",
                _ => "something else",
            };
        var attributes = new FileInfo(path).Attributes;
        // All bits are set for what is not there.
        return (int)attributes == -1 ? null : attributes.HasFlag(FileAttributes.Directory) ? "a folder"
            : attributes.HasFlag(FileAttributes.Device) ? "a device" : null;
    }

    private static int? Mode(string path)
    {
        Span<byte> found = stackalloc byte[StructSize];
        try
        {
            return Statx(RelativeToWorkingDirectory, path, 0, TypeWanted, found) == 0
                ? MemoryMarshal.Read<ushort>(found[ModeOffset..]) : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> found);
}
