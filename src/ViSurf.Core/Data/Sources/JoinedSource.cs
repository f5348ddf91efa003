using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>Several sources as one, their blocks one after the other: the shards of a data set. The sources stay the caller's.</summary>
public sealed class JoinedSource : IExampleSource
{
    private readonly (IExampleSource Source, int Block)[] _blocks;

    /// <summary>Joins sources.</summary>
    /// <param name="name">What they are called together.</param>
    /// <param name="sources">At least one, in the order of their rows.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public JoinedSource(string name, params IReadOnlyList<IExampleSource> sources)
    {
        Name = Guard.NotBlank(name);
        if (Guard.NotNull(sources).Count == 0) throw new ArgumentException("Expected at least one source, got none.", nameof(sources));
        _blocks = [.. sources.SelectMany(source => Enumerable.Range(0, source.Blocks.Count).Select(block => (source, block)))];
        Blocks = [.. sources.SelectMany(source => source.Blocks)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block)
    {
        var (source, own) = _blocks[Guard.InRange(block, 0, _blocks.Length - 1)];
        return source.Read(own);
    }
}
