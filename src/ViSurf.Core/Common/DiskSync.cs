using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ViSurf.Core.Common;

/// <summary>
/// Makes what was written survive a power cut: the contents of files, and the entries of directories that name them. A renamed directory
/// whose parent was not flushed may be back under its old name.
/// </summary>
internal static partial class DiskSync
{
    private const int InvalidArgument = 22;

    /// <summary>Everything in a directory, the directory last.</summary>
    public static void Tree(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)) Contents(file);
        foreach (var folder in Directory.GetDirectories(directory, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length)) Entries(folder);
        Entries(directory);
    }

    /// <summary>What a file holds.</summary>
    public static void Contents(string file)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>
    /// Which names a directory holds. .NET has no call for it, so this is <c>fsync</c> where there is one; Windows writes names through its journal.
    /// </summary>
    /// <exception cref="IOException">The disk could not take it.</exception>
    public static void Entries(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(directory, flags: 0);
        if (descriptor < 0) throw Failed(directory);
        try
        {
            // Some network file systems cannot flush a directory and say so; there is nothing more to be had from them.
            if (Flush(descriptor) < 0 && Marshal.GetLastPInvokeError() != InvalidArgument) throw Failed(directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string directory)
        => new($"The directory '{directory}' could not be flushed to the disk: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
