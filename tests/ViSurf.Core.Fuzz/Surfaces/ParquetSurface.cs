using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Fuzz.Making;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>Parquet files with changed bytes: refused with the file named, or rows.</summary>
internal sealed class ParquetSurface : ISurface
{
    private const string File = "changed.parquet";
    private readonly byte[][] _files = [.. new[] { "visurf", "lists", "pages-v2" }
        .Select(name => Fixture.Bytes("parquet", name + ".parquet"))];

    public void Try(Attempt attempt)
    {
        var (dice, file) = (attempt.Dice, attempt.Dice.Of(_files));
        // The footer, where the claims are, lies at the end; a file that lost it is refused at once.
        var half = file.Length / 2;
        file = dice.Once(3) ? Bytes.Changed(dice, file) : [.. file[..half], .. Bytes.Changed(dice, file[half..^8]), .. file[^8..]];
        attempt.Count();
        attempt.Note(File, file);
        System.IO.File.WriteAllBytes(File, file);
        attempt.Refusable(() =>
        {
            var source = ParquetSource.Open(File, new RowOptions { RequireLabel = false });
            for (var block = 0; block < source.Blocks.Count; block++)
            {
                var rows = source.Read(block);
                for (var i = 0; i < Math.Min(rows.Count, 100); i++) _ = rows[i];
            }
        }, File);
    }

    public void Dispose()
    {
    }
}
