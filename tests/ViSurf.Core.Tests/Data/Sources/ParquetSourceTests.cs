using FluentAssertions;
using Parquet;
using Parquet.Schema;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

[Collection(Alone.Name)]
public sealed class ParquetSourceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void ViSurfs_set_as_Arrow_writes_it_is_read_as_it_is()
    {   // six rows in two row groups; row i has a picture of 60 + i by 40 pixels and a box [10i, 2, 10i + 8, 20], row 5 has nothing
        var source = ParquetSource.Open(Fixture("visurf.parquet"));
        source.Name.Should().Be("visurf");
        source.Blocks.Select(b => b.Rows).Should().Equal(4, 2);
        var rows = new[] { 0, 1 }.SelectMany(source.Read).ToArray();
        for (var i = 0; i < 6; i++)
        {
            (rows[i].Id, rows[i].Source, rows[i].Turns[0].Parts[^1].Text).Should().Be(($"row{i}", "visurf", $"the thing {i}"));
            rows[i].LabelFrame.Should().Be(new FrameSize(60 + i, 40));
            rows[i].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should()
                .Equal(i == 5 ? [] : [new GroundedObject(new Box(10 * i, 2, 10 * i + 8, 20), new PixelPoint(10 * i + 4, 11))]);
            var picture = new SkiaImageDecoder().Decode(rows[i].Images.Single());
            (picture.Width, picture.Height, picture.Pixels[0], picture.Pixels[1], picture.Pixels[2]).Should().Be((60 + i, 40, (byte)(40 * i), (byte)10, (byte)200));
        }
        rows[5].Place.Should().Be($"{Fixture("visurf.parquet")}, row group 1, row 1");
        rows[4].Images[0].Name.Should().StartWith("4.png");
    }

    [Fact]
    public void Lists_of_pictures_and_of_answers_come_in_order()
    {
        var rows = ParquetSource.Open(Fixture("lists.parquet"), new RowOptions { RequireLabel = false }).Read(0);
        rows.Select(r => r.Images.Count).Should().Equal(2, 1, 3, 0);
        rows.Select(r => r.Id).Should().Equal("0", "1", "2", "3");
        for (var i = 0; i < 4; i++)
            rows[i].Images.Select(p => new SkiaImageDecoder().Decode(p)).Select((p, j) => (p.Width, p.Height, p.Pixels[1] == 60 * j)).Should().Equal(Enumerable.Range(0, rows[i].Images.Count).Select(j => (20 + i, 30 + j, true)));
        rows[0].Turns[0].Parts.Select(p => p.IsImage).Should().Equal(true, true, false);
        rows.Select(r => r.Target is AnswersTarget a ? string.Join('|', a.Accepted) : null).Should().Equal("one|1", "two", "three|3|III", null);
        ParquetSource.Open(Fixture("lists.parquet")).Invoking(s => s.Read(0)[3]).Should().Throw<InvalidDataException>().WithMessage("*lists.parquet, row group 0, row 3 (id '3'): expected a label under*");
    }

    [Fact]
    public void Pictures_may_be_bytes_alone_or_paths_or_structs_of_both_with_one_of_them()
    {
        File.WriteAllBytes(_folder.File("there.png"), Pictures.Plain(11, 7));
        var (bytes, path) = (new DataField<byte[]>("bytes"), new DataField<string>("path"));
        var both = Write("both.parquet", new ParquetSchema(Id, Question, Answer, new StructField("image", bytes, path)), 2, group =>
        {
            group.Text(Id, ["1", "2"]);
            group.Text(Question, ["q", "q"]);
            group.Text(Answer, ["a", "a"]);
            group.Bytes(bytes, [Pictures.Plain(5, 3)], [2, 1], null);
            group.Text(path, ["there.png"], [1, 2], null);
        });
        both.Read(0).Select(r => Size(r.Images.Single())).Should().Equal(new FrameSize(5, 3), new FrameSize(11, 7));

        var alone = new DataField<byte[]>("image");
        Write("bytes.parquet", new ParquetSchema(Id, Question, Answer, alone), 1, group =>
        {
            group.Text(Id, ["1"]);
            group.Text(Question, ["q"]);
            group.Text(Answer, ["a"]);
            group.Bytes(alone, [Pictures.Plain(5, 3)], [1], null);
        }).Read(0).Select(r => Size(r.Images.Single())).Should().Equal(new FrameSize(5, 3));

        var paths = new ListField("images", new DataField<string>("element"));
        var written = Write("paths.parquet", new ParquetSchema(Id, Question, Answer, paths), 4, group =>
        {
            group.Text(Id, ["1", "2", "3", "4"]);
            group.Text(Question, ["q", "q", "q", "q"]);
            group.Text(Answer, ["a", "a", "a", "a"]);
            // ["there.png", "there.png"], [], null, ["gone.png"]; three levels: list, element of it, text
            group.Text((DataField)paths.Item, ["there.png", "there.png", "gone.png"], [3, 3, 1, 0, 3], [0, 1, 0, 0, 0]);
        }).Read(0);
        written[0].Images.Select(Size).Should().Equal(new FrameSize(11, 7), new FrameSize(11, 7));
        written[1].Images.Should().BeEmpty();
        FluentActions.Invoking(() => written[2]).Should().Throw<InvalidDataException>().WithMessage("*row 2 (id '3'): expected a picture under \"images\" or \"image\", found none*");
        FluentActions.Invoking(() => written[3]).Should().Throw<InvalidDataException>().WithMessage("*row 3 (id '4'): expected the picture 'gone.png'*");
    }

    [Fact]
    public void Bytes_that_are_text_are_read_and_others_are_an_error_that_names_the_row()
    {
        var answer = new DataField<byte[]>("answer");
        var rows = Write("bytes.parquet", new ParquetSchema(Id, Question, answer), 2, group =>
        {
            group.Text(Id, ["1", "2"]);
            group.Text(Question, ["q", "q"]);
            group.Bytes(answer, ["grün"u8.ToArray(), [0x67, 0x72, 0xFC, 0x6E]], [1, 1], null);   // the second is Latin-1
        }, new ColumnMap { Images = [] }).Read(0);
        rows[0].Target.Should().BeOfType<TextTarget>().Which.Text.Should().Be("grün");
        FluentActions.Invoking(() => rows[1]).Should().Throw<InvalidDataException>().WithMessage("*bytes.parquet, row group 0, row 1: *UTF-8*\"answer\"*");
    }

    [Fact]
    public void A_label_may_be_a_native_list_of_structs()
    {
        var (box, point) = (new ListField("bbox_2d", new DataField<double>("element", false)), new ListField("point_2d", new DataField<long>("element", false)));
        var solution = new ListField("solution", new StructField("element", box, point));
        var rows = Write("native.parquet", new ParquetSchema(Id, Question, solution), 2, group =>
        {
            group.Text(Id, ["1", "2"]);
            group.Text(Question, ["q", "q"]);
            // two objects, none: list 2 levels, struct 1, inner list 2
            group.Numbers<double>((DataField)box.Item, [1, 2, 3, 4, 5, 6, 7, 8.5], [5, 5, 5, 5, 5, 5, 5, 5, 1], [0, 2, 2, 2, 1, 2, 2, 2, 0]);
            group.Numbers<long>((DataField)point.Item, [2, 3, 6, 7], [5, 5, 5, 5, 1], [0, 2, 1, 2, 0]);
        }, new ColumnMap { Images = [] }).Read(0);
        rows[0].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().Equal(
            new GroundedObject(new Box(1, 2, 3, 4), new PixelPoint(2, 3)), new GroundedObject(new Box(5, 6, 7, 8.5), new PixelPoint(6, 7)));
        rows[1].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().BeEmpty();
    }

    [Fact]
    public void A_missing_column_is_an_error_that_lists_those_there_are()
    {
        FluentActions.Invoking(() => ParquetSource.Open(Fixture("visurf.parquet"), new RowOptions { Columns = new ColumnMap { Question = ["prompt"] } }))
            .Should().Throw<InvalidDataException>().WithMessage("*visurf.parquet: expected a column with a question under \"prompt\", found none; there are \"id\", \"problem\", \"solution\", \"image\", \"img_height\", \"img_width\"*");
        FluentActions.Invoking(() => ParquetSource.Open(Fixture("visurf.parquet"), new RowOptions { Columns = new ColumnMap { Source = "origin" } }))
            .Should().Throw<InvalidDataException>().WithMessage("*under \"origin\", found none*");
    }

    [Fact]
    public void What_is_no_Parquet_file_is_named()
    {
        File.WriteAllText(_folder.File("text.parquet"), "this is a text and nothing else, long enough to look");
        File.WriteAllBytes(_folder.File("cut.parquet"), File.ReadAllBytes(Fixture("visurf.parquet"))[..1000]);
        foreach (var name in new[] { "text.parquet", "cut.parquet" })
            FluentActions.Invoking(() => ParquetSource.Open(_folder.File(name))).Should().Throw<InvalidDataException>().WithMessage($"*{name}: expected a readable Parquet file*");
        FluentActions.Invoking(() => ParquetSource.Open(_folder.File("none.parquet"))).Should().Throw<FileNotFoundException>().WithMessage("*none.parquet*");
    }

    [Fact]
    public void Pages_of_version_2_hold_the_same_rows()
    {
        var options = new RowOptions { RequireLabel = false };
        var (first, second) = (ParquetSource.Open(Fixture("lists.parquet"), options).Read(0),
            ParquetSource.Open(Fixture("pages-v2.parquet"), options).Read(0));
        second.Select(r => (r.Id, r.Turns[0].Parts[^1].Text)).Should().Equal(first.Select(r => (r.Id, r.Turns[0].Parts[^1].Text)));
        second.Select(r => r.Target is AnswersTarget a ? string.Join('|', a.Accepted) : null).Should()
            .Equal("one|1", "two", "three|3|III", null);
        second.SelectMany(r => r.Images).Select(i => Convert.ToHexString(i.ReadAllBytes().Span)).Should()
            .Equal(first.SelectMany(r => r.Images).Select(i => Convert.ToHexString(i.ReadAllBytes().Span)));
    }

    [Fact]
    public void A_damaged_row_group_is_named_when_it_is_read()
    {
        var bytes = File.ReadAllBytes(Fixture("visurf.parquet"));
        bytes.AsSpan(4, 300).Fill(0xEE); // pages of the first columns
        File.WriteAllBytes(_folder.File("damaged.parquet"), bytes);
        ParquetSource.Open(_folder.File("damaged.parquet")).Invoking(s => s.Read(0)).Should().Throw<InvalidDataException>().WithMessage("*damaged.parquet, row group 0, column 'id': *");
    }

    [Fact]
    public void A_folder_is_one_data_set_in_the_order_of_its_files()
    {
        foreach (var part in new[] { "b", "a" }) File.Copy(Fixture("visurf.parquet"), _folder.File($"train-{part}.parquet"));
        var source = ParquetSource.Open(_folder.Path, new RowOptions { SourceName = "both", Columns = new ColumnMap { Id = [] } });
        source.Blocks.Select(b => b.Rows).Should().Equal(4, 2, 4, 2);
        source.Read(2)[1].Should().Match<VisionExample>(r => r.Id == "7" && r.Source == "both" && r.Place!.Contains("train-b.parquet", StringComparison.Ordinal));
        new ShuffledStream(source, 1).Next(12).Select(r => r.Id).Order(StringComparer.Ordinal).Should().Equal(Enumerable.Range(0, 12).Select(i => $"{i}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(25)]
    [InlineData(75)]
    public void Live_memory_is_the_buffer_and_not_the_file(int groups)
    {   // groups of 16 pictures of 64 KiB (1 MiB): files of 25 and 75 MiB, a buffer of 4 MiB
        var image = new DataField<byte[]>("image");
        var random = new Random(1);
        var source = Write("large.parquet", new ParquetSchema(Id, Question, Answer, image), 16, group =>
        {
            group.Text(Id, Enumerable.Range(0, 16).Select(i => $"{i}").ToArray());
            group.Text(Question, Enumerable.Repeat("q", 16).ToArray());
            group.Text(Answer, Enumerable.Repeat("a", 16).ToArray());
            group.Bytes(image, Enumerable.Range(0, 16).Select(_ => Random(random)).ToArray(), Enumerable.Repeat(1, 16).ToArray(), null);
        }, groups: groups);
        new FileInfo(_folder.File("large.parquet")).Length.Should().BeGreaterThan(groups * 1_000_000L);
        var stream = new ShuffledStream(source, 1) { BufferBytes = 4 << 20 };
        // Decompression rents its buffers from pools: they fill once, whatever the file's length, or were emptied since the last test.
        source.Read(0).Should().HaveCount(16);
        var (before, most, rows) = (GC.GetTotalMemory(true), 0L, 0);
        for (; rows < groups * 16; rows += 16)
        {
            stream.Next(16).Should().HaveCount(16);
            // Measured as before it: finalizers done, so that what waits for one does not count as live.
            most = Math.Max(most, GC.GetTotalMemory(true) - before);
        }
        // A buffer, a group, and up to a dozen MiB of pooled arrays, which are trimmed and filled again at times of their own: less than either file.
        most.Should().BeInRange(1 << 20, 20 << 20);
        GC.KeepAlive(stream);
    }

    public void Dispose() => _folder.Dispose();

    private static DataField Id { get; } = new DataField<string>("id");

    private static DataField Question { get; } = new DataField<string>("problem");

    private static DataField Answer { get; } = new DataField<string>("answer");

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", name);

    private static FrameSize Size(ImageSource image) => PictureSize.Of(image);

    private static byte[] Random(Random random)
    {
        var bytes = new byte[64 << 10];
        random.NextBytes(bytes);
        return bytes;
    }

    private ParquetSource Write(string name, ParquetSchema schema, int rows, Action<GroupWriter> write, ColumnMap? columns = null, int groups = 1)
    {
        var path = _folder.File(name);
        using (var file = File.Create(path))
        {
            var writer = ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = CompressionMethod.None }).GetAwaiter().GetResult();
            for (var g = 0; g < groups; g++)
            {
                using var group = writer.CreateRowGroup();
                write(new GroupWriter(group));
            }
            writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        var source = ParquetSource.Open(path, new RowOptions { Columns = columns ?? new() });
        source.Blocks.Should().HaveCount(groups).And.OnlyContain(b => b.Rows == rows);
        return source;
    }

    private sealed class GroupWriter(ParquetRowGroupWriter group)
    {
        /// <summary>Values that are not null, with their levels; without levels nothing is null.</summary>
        public void Text(DataField field, string[] values, int[]? definition = null, int[]? repetition = null)
            => Numbers<ReadOnlyMemory<char>>(field, values.Select(v => v.AsMemory()).ToArray(), definition ?? Enumerable.Repeat(field.MaxDefinitionLevel, values.Length).ToArray(), repetition);

        public void Bytes(DataField field, byte[][] values, int[] definition, int[]? repetition)
            => Numbers<ReadOnlyMemory<byte>>(field, values.Select(v => (ReadOnlyMemory<byte>)v).ToArray(), definition, repetition);

        public void Numbers<T>(DataField field, T[] values, int[] definition, int[]? repetition)
            where T : struct
            => group.WriteAllPartsAsync<T>(field, values, definition, repetition is null ? null : (ReadOnlyMemory<int>?)repetition, default).GetAwaiter().GetResult();
    }
}
