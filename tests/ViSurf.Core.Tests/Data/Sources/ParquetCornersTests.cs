using System.Buffers.Binary;
using CsCheck;
using FluentAssertions;
using Parquet;
using Parquet.Schema;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

/// <summary>
/// Parquet files that are damaged, or hold what no row can use: each exception names the file, and none costs memory that only a number
/// asks for.
/// </summary>
public sealed class ParquetCornersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("visurf.parquet")]
    [InlineData("lists.parquet")]
    [InlineData("pages-v2.parquet")]
    public void Whatever_is_wrong_with_a_file_its_name_is_said_and_little_memory_taken(string name)
    {
        var whole = File.ReadAllBytes(Fixture(name));
        var footer = whole.Length - 8 - BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(whole.Length - 8));
        Read(Fixture(name)).Should().BeEmpty();
        // Half of the changes in the footer, where the numbers stand.
        var change = Gen.Select(Gen.OneOf(Gen.Int[0, whole.Length - 1], Gen.Int[footer, whole.Length - 1]),
            Gen.OneOf(Gen.Byte, Gen.OneOf(Gen.Const((byte)0xFF), Gen.Const((byte)0x7F), Gen.Const((byte)0x80))));
        Gen.Select(change.Array[1, 6], Gen.Int[0, 9]).Sample((changes, cut) =>
        {
            var bytes = whole.ToArray();
            foreach (var (at, value) in changes) bytes[at] = value;
            var path = _folder.File("changed.parquet");
            File.WriteAllBytes(path, cut == 0 ? bytes[..(bytes.Length / 2)] : bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var message in Read(path))
                message.Should().Contain(path).And.NotContainAny("System.", "Nullable", "Index was", "Arithmetic", "Parameter");
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(300_000_000);
        }, iter: 100, threads: 1);
    }

    [Fact]
    public void A_footer_whose_list_claims_more_than_it_holds_is_refused_at_once()
    {   // field 15 of the footer, a list of 2^62 numbers of which none is there: 0xF9 (field +15, list), 0xF5 (long, i32), 2^62 in 9 bytes, end
        byte[] footer = [0xF9, 0xF5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0x00];
        var path = _folder.File("claims.parquet");
        File.WriteAllBytes(path, [.. "PAR1"u8, .. footer, (byte)footer.Length, 0, 0, 0, .. "PAR1"u8]);
        ((Action)(() => ParquetSource.Open(path))).Should().Throw<InvalidDataException>()
            .WithMessage($"{path}: expected a readable Parquet file, got a footer that is damaged: it claims more than it holds*");
    }

    [Theory]
    [InlineData("PARE", "an encrypted one. Write it again without encryption.")]
    [InlineData("PAR2", "a file that does not end as one. Is it cut off?.")]
    public void What_the_last_bytes_say_is_told(string end, string told)
    {
        var bytes = File.ReadAllBytes(Fixture("visurf.parquet"));
        System.Text.Encoding.ASCII.GetBytes(end).CopyTo(bytes, bytes.Length - 4);
        Opening(bytes).WithMessage($"{_folder.File("a.parquet")}: expected a readable Parquet file, got {told.TrimEnd('.')}*");
    }

    [Fact]
    public void A_footer_longer_than_its_file_is_told()
    {
        var bytes = File.ReadAllBytes(Fixture("visurf.parquet"));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(bytes.Length - 8), int.MaxValue);
        Opening(bytes).WithMessage("*got a footer longer than the file. Fetch it again.");
        Opening("PAR1"u8.ToArray()).WithMessage("*got a file too short to be one.");
    }

    [Fact]
    public void Columns_that_hold_dates_and_maps_are_named()
    {
        var when = new DataField<DateTime>("answer");
        Write(new ParquetSchema(Id, Question, when), group =>
        {
            Text(group, Id, "1");
            Text(group, Question, "q");
            group.WriteAsync<DateTime>(when, new[] { new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) }).GetAwaiter().GetResult();
        });
        FluentActions.Invoking(() => ParquetSource.Open(_folder.File("a.parquet"), Bare).Read(0)).Should().Throw<InvalidDataException>()
            .WithMessage($"{_folder.File("a.parquet")}, row group 0, column 'answer': expected a readable Parquet file, "
                + $"got dates in place of numbers, texts or bytes. Name another column for what it should hold.");

        var map = new MapField("answer", new DataField<string>("key", false), new DataField<string>("value"));
        Write(new ParquetSchema(Id, Question, map), group =>
        {
            Text(group, Id, "1");
            Text(group, Question, "q");
            group.WriteAllPartsAsync<ReadOnlyMemory<char>>((DataField)map.Key, new[] { "k".AsMemory() }, new[] { 2 }, new[] { 0 }, default)
                .GetAwaiter().GetResult();
            group.WriteAllPartsAsync<ReadOnlyMemory<char>>((DataField)map.Value, new[] { "v".AsMemory() }, new[] { 3 }, new[] { 0 },
                default).GetAwaiter().GetResult();
        });
        FluentActions.Invoking(() => ParquetSource.Open(_folder.File("a.parquet"), Bare)).Should().Throw<InvalidDataException>()
            .WithMessage($"{_folder.File("a.parquet")}: expected numbers, texts, bytes, structs and lists in column 'answer/key_value', "
                + $"got a map. Name another column for what it should hold.");
    }

    [Fact]
    public void A_cell_that_is_too_long_is_an_error_of_its_row_alone()
    {
        Write(new ParquetSchema(Id, Question, Answer), group =>
        {
            Text(group, Id, "1", "2");
            Text(group, Question, "q", "q");
            Text(group, Answer, new string('a', (1 << 22) + 1), "b");
        });
        var rows = ParquetSource.Open(_folder.File("a.parquet"), Bare).Read(0);
        FluentActions.Invoking(() => rows[0]).Should().Throw<InvalidDataException>()
            .WithMessage($"{_folder.File("a.parquet")}, row group 0, row 0: "
                + $"expected texts of at most 4194304 characters in column \"answer\", got a longer one.*");
        rows[1].Target.Should().Be(new TextTarget("b"));
    }

    [Fact]
    public void Rows_without_a_column_of_ids_are_numbered_through_the_files_and_floats_are_written_as_Python_does()
    {
        var value = new DataField<double>("answer");
        void One(string name, double number) => Write(new ParquetSchema(Question, value), group =>
        {
            Text(group, Question, "q", "q");
            group.WriteAsync<double>(value, new[] { number, 0.1 }).GetAwaiter().GetResult();
        }, name);
        One("a.parquet", 3);
        One("b.parquet", 1e-7);
        var source = ParquetSource.Open(_folder.Path, Bare);
        var rows = new[] { 0, 1 }.SelectMany(source.Read).ToArray();
        rows.Select(r => (r.Id, ((TextTarget)r.Target!).Text)).Should().Equal(("0", "3.0"), ("1", "0.1"), ("2", "1e-07"), ("3", "0.1"));
        // The same through a joined source, as a name with a * is read.
        var joined = new JoinedSource("both", ParquetSource.Open(_folder.File("a.parquet"), Bare),
            ParquetSource.Open(_folder.File("b.parquet"), Bare));
        joined.Read(1).Select(r => r.Id).Should().Equal("2", "3");
        FluentActions.Invoking(() => ParquetSource.Open(_folder.File("a.parquet"),
            Bare with { Columns = Bare.Columns with { Id = ["key"] } })).Should().Throw<InvalidDataException>()
            .WithMessage("*expected a column with an id under \"key\", found none; there are \"problem\", \"answer\". "
                + "Name it in ColumnMap, or set ColumnMap.Id to [] to have rows numbered.");
        Write(new ParquetSchema(Id, Question, Answer), group =>
        {
            Text(group, Id, "x");
            Text(group, Question, "q");
            Text(group, Answer, "a");
        }, "c.parquet");
        FluentActions.Invoking(() => ParquetSource.Open(_folder.Path, Bare)).Should().Throw<InvalidDataException>()
            .WithMessage("*a.parquet: expected a column with ids under \"id\" as in '*c.parquet', found none. "
                + "Give all files of a data set one, or none.");
    }

    [Fact]
    public void Paths_in_a_file_lead_no_further_than_those_of_JSON_Lines()
    {
        var image = new DataField<string>("image");
        Directory.CreateDirectory(_folder.File("data"));
        File.WriteAllText(_folder.File("outside.png"), "no picture");
        Write(new ParquetSchema(Id, Question, Answer, image), group =>
        {
            Text(group, Id, "1", "2");
            Text(group, Question, "q", "q");
            Text(group, Answer, "a", "a");
            Text(group, image, "../outside.png", "data:image/png;base64,iVBORw0KGgo=");
        }, "data/a.parquet");
        var rows = ParquetSource.Open(_folder.File("data")).Read(0);
        FluentActions.Invoking(() => rows[0]).Should().Throw<InvalidDataException>().WithMessage("*row 0 (id '1'): "
            + "expected a picture inside *RowOptions.PicturesWithin*");
        rows[1].Images.Single().ReadAllBytes().Length.Should().Be(8);
        ParquetSource.Open(_folder.File("data"), new RowOptions { PicturesWithin = _folder.Path }).Read(0)[0].Images.Should().HaveCount(1);
    }

    public void Dispose() => _folder.Dispose();

    private static DataField Id { get; } = new DataField<string>("id");

    private static DataField Question { get; } = new DataField<string>("problem");

    private static DataField Answer { get; } = new DataField<string>("answer");

    private static RowOptions Bare { get; } = new() { Columns = new ColumnMap { Images = [] } };

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", name);

    private static void Text(ParquetRowGroupWriter group, DataField field, params string[] values)
        => group.WriteAllPartsAsync<ReadOnlyMemory<char>>(field, values.Select(v => v.AsMemory()).ToArray(),
            Enumerable.Repeat(1, values.Length).ToArray(), null, default).GetAwaiter().GetResult();

    private FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> Opening(byte[] bytes)
    {
        File.WriteAllBytes(_folder.File("a.parquet"), bytes);
        return FluentActions.Invoking(() => ParquetSource.Open(_folder.File("a.parquet"))).Should().Throw<InvalidDataException>();
    }

    private void Write(ParquetSchema schema, Action<ParquetRowGroupWriter> write, string name = "a.parquet")
    {
        using var file = File.Create(_folder.File(name));
        var writer = ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy })
            .GetAwaiter().GetResult();
        using (var group = writer.CreateRowGroup()) write(group);
        writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Reads all there is; the messages of what cannot be read.</summary>
    private static List<string> Read(string path)
    {
        var messages = new List<string>();
        try
        {
            var source = ParquetSource.Open(path, new RowOptions { RequireLabel = false });
            for (var block = 0; block < source.Blocks.Count; block++)
            {
                IReadOnlyList<VisionExample> rows = [];
                Try(() => rows = source.Read(block));
                for (var row = 0; row < rows.Count; row++) Try(() => _ = rows[row]);
            }
        }
        catch (InvalidDataException e)
        {
            messages.Add(e.Message);
        }
        return messages;

        void Try(Action read)
        {
            try
            {
                read();
            }
            catch (InvalidDataException e)
            {
                messages.Add(e.Message);
            }
        }
    }
}
