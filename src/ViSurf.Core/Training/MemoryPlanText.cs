using System.Globalization;

namespace ViSurf.Core.Training;

/// <summary>A plan as a table for terminals and Markdown, the same in every culture.</summary>
internal static class MemoryPlanText
{
    public static string Table(MemoryPlan plan)
    {
        MemoryPart[] peaks = [.. plan.RolloutPeak > 0 ? [new("peak of the rollout", plan.RolloutPeak, "")] : Array.Empty<MemoryPart>(), new("peak of the update", plan.UpdatePeak, "")];
        (string Name, string Size, string When)[] rows = [("memory of a step", "GB", "when"), .. plan.Parts.Where(p => p.Bytes > 0).Concat(peaks).Select(p => (p.Name, Gigabytes(p.Bytes), p.When))];
        var (name, size, when) = (rows.Max(r => r.Name.Length), rows.Max(r => r.Size.Length), rows.Max(r => r.When.Length));
        string Line((string Name, string Size, string When) row) => $"| {row.Name.PadRight(name)} | {row.Size.PadLeft(size)} | {row.When.PadRight(when)} |";
        var rule = $"|{new string('-', name + 2)}|{new string('-', size + 1)}:|{new string('-', when + 2)}|";
        return string.Join('\n', [Line(rows[0]), rule, .. rows.Skip(1).Select(Line)]);
    }

    /// <summary>10⁹ bytes, three significant places at least.</summary>
    private static string Gigabytes(long bytes)
    {
        var gigabytes = bytes / 1e9;
        return gigabytes.ToString(gigabytes < 0.1 ? "0.0000" : gigabytes < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture);
    }
}
