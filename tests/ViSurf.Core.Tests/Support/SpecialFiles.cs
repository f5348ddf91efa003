using System.Net.Sockets;
using System.Runtime.InteropServices;
using FluentAssertions;

namespace ViSurf.Core.Tests.Support;

/// <summary>What may stand where a file is expected, on Linux.</summary>
internal static partial class SpecialFiles
{
    public static readonly string[] Kinds = ["named pipe", "folder", "socket", "device", "link to nothing"];

    /// <summary>Puts one in place of whatever is there. "device" is a link to /dev/zero, which has no end.</summary>
    public static void Put(string kind, string path)
    {
        File.Delete(path);
        if (kind == "named pipe") MakePipe(path, 0x180).Should().Be(0);
        else if (kind == "folder") Directory.CreateDirectory(path);
        else if (kind == "socket") Listen(path);
        else File.CreateSymbolicLink(path, kind == "device" ? "/dev/zero" : "gone");
    }

    /// <summary>Does it, and fails where it takes long, as opening a pipe does: for ever.</summary>
    public static void Quickly(Action action)
    {
        var task = Task.Run(action);
        if (Task.WaitAny([task], TimeSpan.FromSeconds(20)) < 0)
            throw new TimeoutException("Expected an answer at once, waited 20 seconds for none.");
        task.GetAwaiter().GetResult();
    }

    private static void Listen(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // An address has 108 bytes at most; the name stays when the socket is closed, unless it is unbound first.
        socket.Bind(new UnixDomainSocketEndPoint(path));
        File.Move(path, path + ".moved");
        socket.Dispose();
        File.Move(path + ".moved", path);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
