using Parquet;
using Parquet.Meta;
using Parquet.Schema;
using ViSurf.Core.Common;

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
    // What a row group may have anyhow, and beyond that for a byte of the file: a count in a footer is only a claim, and costs memory.
    private const long AlwaysAllowed = 1 << 20, PerByte = 1000;

    private readonly string _path;
    private readonly ExtendedFile _stream;
    private readonly ParquetReader _reader;

    private ParquetFile(string path, ExtendedFile stream, ParquetReader reader)
        => (_path, _stream, _reader, Schema, Groups) = (path, stream, reader, reader.Schema, reader.RowGroupCount);

    public ParquetSchema Schema { get; }

    public int Groups { get; }

    /// <summary>Reads the footer.</summary>
    /// <exception cref="InvalidDataException">It is no Parquet file, encrypted, or damaged.</exception>
    public static ParquetFile Open(string path)
    {
        var stream = new ExtendedFile(new FileStream(RegularFile.Ensure(path), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16));
        try
        {
            return Broken(path, () =>
            {
                Check(stream);
                return new ParquetFile(path, stream, Wait(() => ParquetReader.CreateAsync(stream, leaveStreamOpen: false)));
            });
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Rows of a group, and bytes that the given columns take in memory.</summary>
    /// <exception cref="InvalidDataException">The footer cannot be right.</exception>
    public (int Rows, long Bytes) Size(int group, IReadOnlyList<DataField> leaves) => Broken($"{_path}, row group {group}", () =>
    {
        var reader = _reader.OpenRowGroupReader(group);
        var bytes = leaves.Sum(leaf => Math.Max(0, reader.GetMetadata(leaf)?.MetaData?.TotalUncompressedSize ?? 0));
        return ((int)Plausible(reader.RowCount, "rows"), bytes);
    });

    /// <summary>A number of rows or values that the file may have.</summary>
    private long Plausible(long count, string what)
        => count >= 0 && count <= Math.Min(Math.Max(AlwaysAllowed, _stream.FileLength * PerByte), Array.MaxLength) ? count
            : throw new Told($"{count} {what} in a file of {_stream.FileLength} bytes. "
                + "Write it again with smaller row groups, or fetch it again");

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
        throw new Told($"{Words(type)} in place of numbers, texts or bytes. Name another column for what it should hold");
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
        var chunk = reader.GetMetadata(leaf)?.MetaData ?? throw new Told("no such column in this row group, or an encrypted one");
        var entries = (int)Plausible(chunk.NumValues, "values");
        if (leaf.MaxRepetitionLevel == 0 && entries != reader.RowCount) throw new Told($"{entries} values in {reader.RowCount} rows");
        var pages = ParquetPage.Of(_stream, chunk);
        var nested = leaf.MaxRepetitionLevel > 0 || leaf.MaxDefinitionLevel > 1;
        if (nested && pages.Any(page => page.Type is ParquetPage.DataV2)) Rewrite(leaf, chunk, pages);
        var defined = new T[entries];
        var definition = leaf.MaxDefinitionLevel > 0 ? new int[entries] : null;
        var repetition = leaf.MaxRepetitionLevel > 0 ? new int[entries] : null;
        Wait(() => reader.ReadRawAsync<T>(leaf, defined, Levels(definition), Levels(repetition)).AsTask());
        var values = new object?[entries];
        for (int i = 0, next = 0; i < entries; i++)
            if (definition is null || definition[i] == leaf.MaxDefinitionLevel) values[i] = own(defined[next++]);
        return new LeafEntries(leaf, values, definition, repetition);
    }

    /// <summary>Puts the pages of a chunk where Parquet.Net can read them, behind the file's end, and leads it there.</summary>
    private void Rewrite(DataField leaf, ColumnMetaData chunk, IReadOnlyList<ParquetPage> pages)
    {
        var (bytes, dictionary) = ParquetPagesV1.Of(_stream, pages, chunk.Codec, leaf.MaxRepetitionLevel > 0, leaf.MaxDefinitionLevel > 0);
        _stream.Behind = bytes;
        chunk.DictionaryPageOffset = dictionary > 0 ? _stream.FileLength : null;
        chunk.DataPageOffset = _stream.FileLength + dictionary;
        chunk.TotalCompressedSize = chunk.TotalUncompressedSize = bytes.Length;
        chunk.Codec = CompressionCodec.UNCOMPRESSED;
    }

    /// <summary>
    /// What is told before Parquet.Net looks: it says so in words of its own, or asks for the memory that a damaged footer claims.
    /// </summary>
    private static void Check(ExtendedFile stream)
    {
        Span<byte> tail = stackalloc byte[8];
        if (stream.Length < 12) throw new Told("a file too short to be one");
        stream.Position = stream.Length - 8;
        stream.ReadExactly(tail);
        if (tail[4..].SequenceEqual("PARE"u8)) throw new Told("an encrypted one. Write it again without encryption");
        if (!tail[4..].SequenceEqual("PAR1"u8)) throw new Told("a file that does not end as one. Is it cut off?");
        if (System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(tail) is var footer && (footer < 0 || footer > stream.Length - 12))
            throw new Told("a footer longer than the file. Fetch it again");
        CheckFooter(stream, footer);
        stream.Position = 0;
    }

    /// <summary>A list that claims more than the footer holds would be read for years: Parquet.Net goes on behind the end.</summary>
    private static void CheckFooter(ExtendedFile stream, int length)
    {
        var bytes = new byte[length];
        stream.Position = stream.Length - 8 - length;
        stream.ReadExactly(bytes);
        try
        {
            new ThriftReader(bytes).Skip(12);
        }
        catch (EndOfStreamException e)
        {
            throw new Told("a footer that is damaged: it claims more than it holds. Fetch the file again", e);
        }
    }

    private static string Words(System.Type type)
        => type == typeof(DateTime) || type == typeof(DateOnly) ? "dates" : type == typeof(TimeSpan) || type == typeof(TimeOnly) ? "times"
            : type == typeof(Guid) ? "UUIDs" : "values of another kind";

    private static T Broken<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Told e)
        {
            throw new InvalidDataException($"{place}: expected a readable Parquet file, got {e.Message}.", e);
        }
        catch (Exception e) when (e is NotImplementedException or NotSupportedException)
        {
            throw new InvalidDataException(
                $"{place}: expected a readable Parquet file, got an encoding that is not read. "
                    + "Write it again with Arrow's defaults (pyarrow.parquet.write_table).", e);
        }
        catch (IOException e) when (e is not EndOfStreamException)
        {
            throw new InvalidDataException($"{place}: expected a readable Parquet file: {e.Message}", e);
        }
        catch (Exception e) when (e is not (OperationCanceledException or UnauthorizedAccessException))
        {
            // What Parquet.Net throws for bytes that are not what they should be names neither file nor fault.
            throw new InvalidDataException($"{place}: expected a readable Parquet file, "
                + "got one that is cut off or damaged. Fetch it again.", e);
        }
    }

    private static Memory<int>? Levels(int[]? levels) => levels is null ? default(Memory<int>?) : new Memory<int>(levels);

    private static void Wait(Func<Task> work) => Task.Run(work).GetAwaiter().GetResult();

    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();

    /// <summary>A fault in words for users.</summary>
    private sealed class Told(string message, Exception? inner = null) : Exception(message, inner);
}
