using System.Globalization;
using Spectre.Console;

namespace Inspect;

/// <summary>Parameters by part.</summary>
internal static class PartTable
{
    public static Table Of(string title, IReadOnlyList<CheckpointPart> parts)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title))
            .AddColumn("part").AddColumn("tensors", Right).AddColumn("parameters", Right).AddColumn("MB", Right).AddColumn("dtype");
        foreach (var part in parts) Add(part.Name, part.Tensors, part.Elements, part.Bytes, part.Types);
        if (parts.Count > 1) Add("all", parts.Sum(p => p.Tensors), parts.Sum(p => p.Elements), parts.Sum(p => p.Bytes), "");
        return table;

        void Add(string name, int tensors, long elements, long bytes, string types)
            => table.AddRow(name, Number(tensors), Number(elements), (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture), types);
    }

    private static void Right(TableColumn column) => column.RightAligned();

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
