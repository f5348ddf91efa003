using ViSurf.Core.Common;
using ViSurf.Core.Data;
using static TorchSharp.torch;

namespace ViSurf.Core.Encoding;

/// <summary>Size of one picture in patches.</summary>
/// <param name="Frames">Temporal patches; 1 for a still image.</param>
/// <param name="Height">Rows of patches (before the spatial merge).</param>
/// <param name="Width">Columns of patches (before the spatial merge).</param>
public readonly record struct PatchGrid(int Frames, int Height, int Width)
{
    /// <summary>Number of patches.</summary>
    public int Patches => Frames * Height * Width;
}

/// <summary>One prompt ready for a policy. Owns its pixel tensor.</summary>
/// <param name="example">Kept, so that a sampler that talks to a remote engine can send text and pictures instead of tensors.</param>
/// <param name="tokenIds">Placeholders expanded; not padded.</param>
/// <param name="grids">One per picture.</param>
/// <param name="pixels">float32 [K, D] on the CPU, K = patches of all pictures; null without pictures. Ownership moves here.</param>
public sealed class EncodedPrompt(VisionExample example, IReadOnlyList<int> tokenIds, IReadOnlyList<PatchGrid> grids, Tensor? pixels) : IDisposable
{
    private readonly Dictionary<object, IDisposable> _kept = new(ReferenceEqualityComparer.Instance);
    private bool _disposed;

    /// <summary>The row this prompt was made from.</summary>
    public VisionExample Example { get; } = Guard.NotNull(example);

    /// <summary>Token ids, image placeholders expanded.</summary>
    public IReadOnlyList<int> TokenIds { get; } = Guard.NotNull(tokenIds);

    /// <summary>One per picture, in order.</summary>
    public IReadOnlyList<PatchGrid> Grids { get; } = Guard.NotNull(grids);

    /// <summary>float32 [K, D] on the CPU, or null.</summary>
    /// <exception cref="ObjectDisposedException">The prompt has been disposed.</exception>
    public Tensor? Pixels { get => Alive(field); } = pixels?.DetachFromDisposeScope();

    /// <summary>
    /// What an owner computed of this prompt, made once and freed with it: the features of its pictures while a vision tower is frozen,
    /// for instance. Not thread-safe.
    /// </summary>
    /// <param name="owner">Whose value it is, compared by reference: a prompt may be read by several policies.</param>
    /// <param name="make">Makes the value; the prompt owns it.</param>
    internal T Keep<T>(object owner, Func<T> make)
        where T : IDisposable
        => (T)(Alive(_kept).TryGetValue(owner, out var kept) ? kept : _kept[owner] = make());

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        Pixels?.Dispose();
        foreach (var kept in _kept.Values) kept.Dispose();
        _kept.Clear();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
