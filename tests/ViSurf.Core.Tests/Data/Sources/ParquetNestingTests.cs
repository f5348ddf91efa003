using System.Text.Json;
using CsCheck;
using FluentAssertions;
using Parquet.Serialization;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

/// <summary>Nested columns put together again, against the objects that Parquet.Net's serializer took apart.</summary>
public sealed class ParquetNestingTests
{
    private static readonly Gen<string?> Texts = Gen.Frequency((4, Gen.String[Gen.Char['a', 'z'], 0, 4].Select(s => (string?)s)), (1, Gen.Const((string?)null)));

    private static readonly Gen<Item> Items = Gen.Select(Texts, MaybeList(Gen.Int[-5, 5]), MaybeList(Texts)).Select((name, box, tags) => new Item { name = name, box = box, tags = tags });

    private static readonly Gen<List<Item>?> Labels = Gen.Frequency((4, Items.List[0, 3].Select(l => (List<Item>?)l)), (1, Gen.Const((List<Item>?)null)));

    [Fact]
    public void Lists_of_structs_of_lists_with_nulls_everywhere_come_back_as_they_were()
    {
        using var folder = new TemporaryDirectory();
        var path = folder.File("nested.parquet");
        Labels.Array[1, 12].Sample(labels =>
        {
            var rows = labels.Select((label, i) => new Row { id = $"{i}", problem = "q", label = label }).ToArray();
            using (var file = File.Create(path)) ParquetSerializer.SerializeAsync(rows, file).GetAwaiter().GetResult();
            var columns = new ColumnMap { Images = [], Labels = [new LabelColumn("label", json => new TextTarget(json.GetRawText()))] };
            var read = ParquetSource.Open(path, new RowOptions { Columns = columns, RequireLabel = false }).Read(0);
            read.Select(r => (r.Target as TextTarget)?.Text).Should().Equal(labels.Select(l => l is null ? null : JsonSerializer.Serialize(l)));
        }, iter: 150, threads: 1);
    }

    private static Gen<List<T>?> MaybeList<T>(Gen<T> items) => Gen.Frequency((4, items.List[0, 3].Select(l => (List<T>?)l)), (1, Gen.Const((List<T>?)null)));

    // Lower case, because these are the columns' names.
#pragma warning disable IDE1006, CA1002, CA2227
    private sealed class Row
    {
        public string? id { get; set; }

        public string? problem { get; set; }

        public List<Item>? label { get; set; }
    }

    private sealed class Item
    {
        public string? name { get; set; }

        public List<int>? box { get; set; }

        public List<string?>? tags { get; set; }
    }
#pragma warning restore IDE1006, CA1002, CA2227
}
