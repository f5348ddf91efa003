using Parquet;
using Parquet.Schema;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// The entries of one column in a row group, nulls in their places, with the levels of Dremel's encoding: how deep an entry is defined and
/// at which list it repeats.
/// </summary>
/// <param name="Field">The column.</param>
/// <param name="Values">One per entry.</param>
/// <param name="Definition">One per entry; null when everything is defined.</param>
/// <param name="Repetition">One per entry; null outside lists.</param>
internal sealed record LeafEntries(DataField Field, object?[] Values, int[]? Definition, int[]? Repetition);

/// <summary>A Parquet file that is open. Parquet.Net is asynchronous; here it is waited for, on the pool, because rows are asked for by tensor code.</summary>
internal sealed class ParquetFile : IDisposable
{
    private readonly string _path;
    private readonly ParquetReader _reader;

    private ParquetFile(string path, ParquetReader reader) => (_path, _reader, Schema) = (path, reader, reader.Schema);

    public ParquetSchema Schema { get; }

    public int Groups => _reader.RowGroupCount;

    public static ParquetFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        try
        {
            return new ParquetFile(path, Broken(path, () => Wait(() => ParquetReader.CreateAsync(stream, leaveStreamOpen: false))));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Rows of a group, and bytes that the given columns take in memory.</summary>
    public (int Rows, long Bytes) Size(int group, IReadOnlyList<DataField> leaves)
    {
        var reader = _reader.OpenRowGroupReader(group);
        return (checked((int)reader.RowCount), leaves.Sum(leaf => reader.GetMetadata(leaf)?.MetaData?.TotalUncompressedSize ?? 0));
    }

    /// <summary>A column of a group.</summary>
    /// <exception cref="InvalidDataException">It is broken, or of a type that no row can use.</exception>
    public LeafEntries Read(int group, DataField leaf) => Broken($"{_path}, row group {group}, column '{leaf.Path}'", () =>
    {
        var type = Nullable.GetUnderlyingType(leaf.ClrType) ?? leaf.ClrType;
        if (type == typeof(ReadOnlyMemory<char>) || type == typeof(string)) return Read<ReadOnlyMemory<char>>(group, leaf, text => text.ToString());
        if (type == typeof(ReadOnlyMemory<byte>) || type == typeof(byte[])) return Read<ReadOnlyMemory<byte>>(group, leaf, Own);
        if (type == typeof(int)) return Read<int>(group, leaf, Box);
        if (type == typeof(long)) return Read<long>(group, leaf, Box);
        if (type == typeof(uint)) return Read<uint>(group, leaf, Box);
        if (type == typeof(ulong)) return Read<ulong>(group, leaf, Box);
        if (type == typeof(short)) return Read<short>(group, leaf, Box);
        if (type == typeof(ushort)) return Read<ushort>(group, leaf, Box);
        if (type == typeof(sbyte)) return Read<sbyte>(group, leaf, Box);
        if (type == typeof(byte)) return Read<byte>(group, leaf, Box);
        if (type == typeof(float)) return Read<float>(group, leaf, Box);
        if (type == typeof(double)) return Read<double>(group, leaf, Box);
        if (type == typeof(bool)) return Read<bool>(group, leaf, Box);
        if (type == typeof(decimal)) return Read<decimal>(group, leaf, Box);
        throw new InvalidDataException($"expected numbers, texts or bytes, got {type.Name}. Name another column for what it should hold.");
    });

    public void Dispose() => Wait(() => _reader.DisposeAsync().AsTask());

    private static object Box<T>(T value)
        where T : struct
        => value;

    /// <summary>The array behind a value where it has one of its own, so that a picture is not copied.</summary>
    private static object Own(ReadOnlyMemory<byte> bytes)
        => System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : bytes.ToArray();

    private LeafEntries Read<T>(int group, DataField leaf, Func<T, object> own)
        where T : struct
    {
        var reader = _reader.OpenRowGroupReader(group);
        var entries = checked((int)(reader.GetMetadata(leaf)?.MetaData?.NumValues ?? throw new InvalidDataException("expected the column in this row group, found none.")));
        var defined = new T[entries];
        var definition = leaf.MaxDefinitionLevel > 0 ? new int[entries] : null;
        var repetition = leaf.MaxRepetitionLevel > 0 ? new int[entries] : null;
        Wait(() => reader.ReadRawAsync<T>(leaf, defined, Levels(definition), Levels(repetition)).AsTask());
        var values = new object?[entries];
        for (int i = 0, next = 0; i < entries; i++)
            if (definition is null || definition[i] == leaf.MaxDefinitionLevel) values[i] = own(defined[next++]);
        return new LeafEntries(leaf, values, definition, repetition);
    }

    private static T Broken<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (NotImplementedException e)
        {
            // Parquet.Net 6.1 says so for lists in pages of version 2, which Arrow writes on request only.
            throw new InvalidDataException($"{place}: expected data pages of version 1, got another. Write the file again with data_page_version=\"1.0\", Arrow's default.", e);
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException or FileNotFoundException or UnauthorizedAccessException))
        {
            throw new InvalidDataException($"{place}: expected a readable Parquet file: {e.Message}", e);
        }
    }

    private static Memory<int>? Levels(int[]? levels) => levels is null ? default(Memory<int>?) : new Memory<int>(levels);

    private static void Wait(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();

    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
