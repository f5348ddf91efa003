using System.Runtime.InteropServices;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// Takes the superuser's way around file permissions from this thread until disposed (Linux keeps a user for file access per thread), so that
/// read-only directories are read-only in containers too. Anybody else has no such way.
/// </summary>
internal sealed partial class Unprivileged : IDisposable
{
    private const uint Nobody = 65534;
    private readonly bool _changed;

    public Unprivileged()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) return;
        _ = SetUser(Nobody);
        _changed = true;
    }

    public void Dispose()
    {
        if (_changed) _ = SetUser(0);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetUser(uint user);
}
