using Parquet.Meta;

namespace ViSurf.Core.Data.Sources;

/// <summary>A page of a column chunk as its header describes it (parquet.thrift, PageHeader).</summary>
/// <param name="Type">0 data of version 1, 2 dictionary, 3 data of version 2.</param>
/// <param name="Uncompressed">Bytes of its content, levels included.</param>
/// <param name="Compressed">Bytes that it has in the file.</param>
/// <param name="Body">Where these begin.</param>
internal readonly record struct ParquetPage(int Type, int Uncompressed, int Compressed, long Body)
{
    public const int DataV1 = 0, Dictionary = 2, DataV2 = 3;

    /// <summary>Entries, nulls included.</summary>
    public int Values { get; init; }

    /// <summary>How values are encoded.</summary>
    public int Encoding { get; init; }

    /// <summary>Bytes of definition levels, of a data page of version 2.</summary>
    public int Definition { get; init; }

    /// <summary>Bytes of repetition levels, of a data page of version 2.</summary>
    public int Repetition { get; init; }

    /// <summary>Whether the values of a data page of version 2 are compressed.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>The pages of a chunk. Every number that memory depends on is compared with the bytes that there are.</summary>
    /// <param name="file">The file, read at places of its own.</param>
    /// <param name="chunk">What the footer says of the chunk.</param>
    /// <exception cref="EndOfStreamException">They do not fit the file or each other.</exception>
    public static IReadOnlyList<ParquetPage> Of(Stream file, ColumnMetaData chunk)
    {
        var start = chunk.DictionaryPageOffset is { } dictionary and > 0 && dictionary < chunk.DataPageOffset ? dictionary
            : chunk.DataPageOffset;
        var (pages, entries, at) = (new List<ParquetPage>(), 0L, start);
        var head = new byte[1 << 12];
        while (entries < chunk.NumValues)
        {
            if (at < 4 || at >= file.Length) throw new EndOfStreamException();
            var page = Header(file, ref head, at);
            if (page.Compressed < 0 || page.Uncompressed < 0 || page.Values < 0 || page.Definition < 0 || page.Repetition < 0
                || page.Compressed > file.Length - page.Body
                || (long)page.Definition + page.Repetition > Math.Min(page.Compressed, page.Uncompressed)
                || page.Uncompressed > (1L << 16) + (page.Compressed * MostRatio(chunk.Codec)))
                throw new EndOfStreamException();
            pages.Add(page);
            at = page.Body + page.Compressed;
            if (page.Type is DataV1 or DataV2) entries += page.Values;
        }
        return entries == chunk.NumValues ? pages : throw new EndOfStreamException();
    }

    /// <summary>How many bytes one byte can become: what the formats allow, rounded up.</summary>
    private static long MostRatio(CompressionCodec codec) => codec switch
    {
        CompressionCodec.UNCOMPRESSED => 1,
        CompressionCodec.SNAPPY => 64,
        CompressionCodec.LZ4 or CompressionCodec.LZ4_RAW => 256,
        CompressionCodec.GZIP => 1100,
        _ => 40_000,
    };

    private static ParquetPage Header(Stream file, ref byte[] head, long at)
    {
        while (true)
        {
            file.Position = at;
            var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            try
            {
                return Parse(head.AsSpan(0, length), at);
            }
            catch (EndOfStreamException) when (length == head.Length && length < 1 << 27)
            {
                // Statistics may hold long values.
                head = new byte[head.Length * 8];
            }
        }
    }

    private static ParquetPage Parse(ReadOnlySpan<byte> bytes, long at)
    {
        var reader = new ThriftReader(bytes);
        var (id, page) = (0, new ParquetPage(-1, -1, -1, 0) { IsCompressed = true });
        while (reader.Field(ref id, out var type))
        {
            switch (id)
            {
                case 1: page = page with { Type = reader.Int() }; break;
                case 2: page = page with { Uncompressed = reader.Int() }; break;
                case 3: page = page with { Compressed = reader.Int() }; break;
                case 5 or 7 or 8 when type == 12: page = Inner(ref reader, page, version2: id == 8); break;
                default: reader.Skip(type); break;
            }
        }
        return page with { Body = at + reader.Position };
    }

    private static ParquetPage Inner(ref ThriftReader reader, ParquetPage page, bool version2)
    {
        var id = 0;
        while (reader.Field(ref id, out var type))
        {
            switch (id)
            {
                case 1: page = page with { Values = reader.Int() }; break;
                case 2 when !version2: page = page with { Encoding = reader.Int() }; break;
                case 4 when version2: page = page with { Encoding = reader.Int() }; break;
                case 5 when version2: page = page with { Definition = reader.Int() }; break;
                case 6 when version2: page = page with { Repetition = reader.Int() }; break;
                case 7 when version2: page = page with { IsCompressed = type == 1 }; break;
                default: reader.Skip(type); break;
            }
        }
        return page;
    }
}
