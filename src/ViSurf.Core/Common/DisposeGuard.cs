namespace ViSurf.Core.Common;

/// <summary>What is used after its end says its owner's name, not libtorch's "empty handle".</summary>
internal static class DisposeGuard
{
    /// <summary>Returns <paramref name="held"/> as long as its owner has not been disposed.</summary>
    /// <exception cref="ObjectDisposedException"><paramref name="disposed"/>; names the owner.</exception>
    public static T Alive<T>(T held, bool disposed, object owner)
    {
        ObjectDisposedException.ThrowIf(disposed, owner);
        return held;
    }
}
