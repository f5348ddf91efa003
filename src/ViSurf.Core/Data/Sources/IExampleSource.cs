namespace ViSurf.Core.Data.Sources;

/// <summary>Rows that are read together: a Parquet file's row group, or a whole file that is read row by row.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Bytes">What is read of the file for them.</param>
public readonly record struct RowBlock(int Rows, long Bytes);

/// <summary>A data set that is read block by block. Thread-safe.</summary>
public interface IExampleSource
{
    /// <summary>What it is called: <see cref="VisionExample.Source"/> of its examples, and part of a stream's position.</summary>
    string Name { get; }

    /// <summary>Its blocks in the order of its rows.</summary>
    IReadOnlyList<RowBlock> Blocks { get; }

    /// <summary>The rows of a block. They hold its memory, and each becomes an example when it is asked for.</summary>
    /// <param name="block">Index into <see cref="Blocks"/>.</param>
    /// <exception cref="InvalidDataException">The block cannot be read, or (when it is asked for) a row is wrong; names file and row.</exception>
    IReadOnlyList<VisionExample> Read(int block);
}
