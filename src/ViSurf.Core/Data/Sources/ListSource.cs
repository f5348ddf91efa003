using System.Collections;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>Examples that are in memory, a <see cref="JsonLinesDataset"/> for instance.</summary>
/// <param name="rows">The examples.</param>
/// <param name="name">What the source is called.</param>
public sealed class ListSource(IReadOnlyList<VisionExample> rows, string name) : IExampleSource
{
    private readonly IReadOnlyList<VisionExample> _rows = Guard.NotNull(rows);

    /// <inheritdoc/>
    public string Name { get; } = Guard.NotBlank(name);

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; } = rows.Count == 0 ? [] : [new RowBlock(rows.Count, 0)];

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block) => _rows;
}

/// <summary>Rows that become examples one by one, when they are asked for.</summary>
/// <param name="count">How many.</param>
/// <param name="read">Makes the example of a row.</param>
internal sealed class LazyRows(int count, Func<int, VisionExample> read) : IReadOnlyList<VisionExample>
{
    public int Count => count;

    public VisionExample this[int index] => read(Guard.InRange(index, 0, count - 1));

    public IEnumerator<VisionExample> GetEnumerator() => Enumerable.Range(0, count).Select(read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
