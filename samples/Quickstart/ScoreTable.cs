using System.Globalization;
using Spectre.Console;

namespace Quickstart;

/// <summary>Before → after, on held-out rows.</summary>
internal static class ScoreTable
{
    public static Table Of(HeldOutScore before, HeldOutScore after, HeldOutScore reloaded)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("Held-out rows")
            .AddColumn("").AddColumn("before", Right).AddColumn("after", Right).AddColumn("loaded back", Right);
        Add(table, "gIoU, object is there", s => s.GIoU);
        Add(table, "N-Acc, object is not there", s => s.NAcc);
        Add(table, "box accuracy (IoU > 0.5)", s => s.BoxAccuracy);
        Add(table, "right answer in words", s => s.ExactAnswers);
        Add(table, "thinks before it answers", s => s.Thinking);
        return table;

        void Add(Table to, string name, Func<HeldOutScore, double?> value)
            => to.AddRow(name, Show(value(before)), Show(value(after)), Show(value(reloaded)));
    }

    private static void Right(TableColumn column) => column.RightAligned();

    private static string Show(double? share) => share?.ToString("0.000", CultureInfo.InvariantCulture) ?? "–";
}
