using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;
using Parquet.Meta;
using Snappier;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// The pages of a column chunk as pages of version 1, uncompressed: Parquet.Net 6.1 reads nested columns from these only. Version 2 differs
/// in where levels stand (before the compressed part, without their length); encodings are the same.
/// </summary>
/// <param name="Bytes">The pages, one after the other.</param>
/// <param name="Dictionary">Bytes of the dictionary page, which comes first; 0 where there is none.</param>
internal sealed record ParquetPagesV1(byte[] Bytes, int Dictionary)
{
    // Of the compact protocol: an i32 in the next field, a struct two and four fields on, the end of a struct.
    private const byte NextInt = 0x15, StructAfterNext = 0x2C, StructAfterThree = 0x4C, End = 0;
    private const int Rle = 3;

    /// <summary>Rewrites a chunk.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pages">The pages of the chunk.</param>
    /// <param name="codec">How they are compressed.</param>
    /// <param name="repeats">Whether the column is inside a list.</param>
    /// <param name="defines">Whether something of it may be null.</param>
    /// <exception cref="EndOfStreamException">A page holds less or more than its header says.</exception>
    /// <exception cref="NotSupportedException">Of a codec that Arrow does not write.</exception>
    public static ParquetPagesV1 Of(Stream file, IReadOnlyList<ParquetPage> pages, CompressionCodec codec, bool repeats, bool defines)
    {
        using var output = new MemoryStream();
        var dictionary = 0;
        foreach (var page in pages)
        {
            var body = new byte[page.Compressed];
            file.Position = page.Body;
            file.ReadExactly(body);
            if (page.Type is ParquetPage.DataV2)
            {
                var levels = page.Repetition + page.Definition;
                var values = body.AsSpan(levels);
                var unpacked = page.IsCompressed ? Decompress(codec, values, page.Uncompressed - levels) : values;
                var prefixes = (repeats ? 4 : 0) + (defines ? 4 : 0);
                Header(output, ParquetPage.DataV1, checked(prefixes + levels + unpacked.Length), page);
                if (repeats) Levels(output, body.AsSpan(0, page.Repetition));
                if (defines) Levels(output, body.AsSpan(page.Repetition, page.Definition));
                output.Write(unpacked);
            }
            else if (page.Type is ParquetPage.DataV1 or ParquetPage.Dictionary)
            {
                var unpacked = Decompress(codec, body, page.Uncompressed);
                Header(output, page.Type, unpacked.Length, page);
                output.Write(unpacked);
                if (page.Type is ParquetPage.Dictionary) dictionary = (int)output.Length;
            }
        }
        return new ParquetPagesV1(output.ToArray(), dictionary);
    }

    private static void Header(MemoryStream output, int type, int bytes, ParquetPage page)
    {
        Int(output, type);
        Int(output, bytes);
        Int(output, bytes);
        output.WriteByte(type is ParquetPage.Dictionary ? StructAfterThree : StructAfterNext);
        Int(output, page.Values);
        Int(output, page.Encoding);
        if (type is ParquetPage.DataV1)
        {
            Int(output, Rle);
            Int(output, Rle);
        }
        output.WriteByte(End);
        output.WriteByte(End);
    }

    private static void Int(MemoryStream output, int value)
    {
        output.WriteByte(NextInt);
        var zigzag = (uint)((value << 1) ^ (value >> 31));
        for (; zigzag >= 128; zigzag >>= 7) output.WriteByte((byte)(zigzag | 128));
        output.WriteByte((byte)zigzag);
    }

    private static void Levels(MemoryStream output, ReadOnlySpan<byte> levels)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, levels.Length);
        output.Write(length);
        output.Write(levels);
    }

    private static ReadOnlySpan<byte> Decompress(CompressionCodec codec, ReadOnlySpan<byte> packed, int size)
    {
        if (codec is CompressionCodec.UNCOMPRESSED) return packed;
        if (size == 0) return [];
        var bytes = new byte[size];
        var unpacked = codec switch
        {
            CompressionCodec.SNAPPY => Snappy.Decompress(packed, bytes),
            CompressionCodec.GZIP => Gzip(packed, bytes),
            CompressionCodec.BROTLI => BrotliDecoder.TryDecompress(packed, bytes, out var written) ? written : -1,
            CompressionCodec.ZSTD => Zstandard(packed, bytes),
            CompressionCodec.LZ4_RAW => LZ4Codec.Decode(packed, bytes),
            _ => throw new NotSupportedException(),
        };
        return unpacked == size ? bytes : throw new EndOfStreamException();
    }

    private static int Gzip(ReadOnlySpan<byte> packed, byte[] bytes)
    {
        using var stream = new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
    }

    private static int Zstandard(ReadOnlySpan<byte> packed, byte[] bytes)
    {
        using var decompressor = new ZstdSharp.Decompressor();
        return decompressor.Unwrap(packed, bytes);
    }
}
