using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// Several sources as one, their blocks one after the other: the shards of a data set. Rows without ids are numbered through all of them.
/// The sources stay the caller's.
/// </summary>
public sealed class JoinedSource : IExampleSource
{
    private readonly (IExampleSource Source, int Block, long FirstRow)[] _blocks;

    /// <summary>Joins sources.</summary>
    /// <param name="name">What they are called together.</param>
    /// <param name="sources">At least one, in the order of their rows.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public JoinedSource(string name, params IReadOnlyList<IExampleSource> sources)
    {
        Name = Guard.NotBlank(name);
        if (Guard.NotNull(sources).Count == 0) throw new ArgumentException("Expected at least one source, got none.", nameof(sources));
        var firsts = new long[sources.Count];
        for (var i = 1; i < firsts.Length; i++) firsts[i] = firsts[i - 1] + sources[i - 1].Blocks.Sum(block => (long)block.Rows);
        _blocks = [.. sources.SelectMany((source, i) => Enumerable.Range(0, source.Blocks.Count)
            .Select(block => (source, block, firsts[i])))];
        Blocks = [.. sources.SelectMany(source => source.Blocks)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block)
    {
        var (source, own, first) = _blocks[Guard.InRange(block, 0, _blocks.Length - 1)];
        var rows = source.Read(own);
        return first == 0 ? rows : new LazyRows(rows.Count, row => Renumbered(rows[row], first));
    }

    private static VisionExample Renumbered(VisionExample example, long first)
        => example.RowNumber is { } own
            ? example with { RowNumber = first + own, Id = (first + own).ToString(CultureInfo.InvariantCulture) } : example;
}
