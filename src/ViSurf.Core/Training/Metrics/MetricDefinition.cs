namespace ViSurf.Core.Training.Metrics;

/// <summary>What a metric means; a row of the table in docs/metrics.md.</summary>
/// <param name="Name">Its name; <c>{name}</c> stands for a reward's or an objective's own name.</param>
/// <param name="Unit">Such as "s", "nats", "tokens", "GB" (10⁹ bytes); "1" for fractions and ratios.</param>
/// <param name="Definition">In words.</param>
/// <param name="Trl">The name of the same number in TRL; null when it has none.</param>
/// <param name="EasyR1">The name of the same number in EasyR1, a verl derivative; null when it has none.</param>
public sealed record MetricDefinition(string Name, string Unit, string Definition, string? Trl = null, string? EasyR1 = null)
{
    private const string Place = "{name}";

    /// <summary>What stands in the place of <c>{name}</c>: null when this is not such a name, empty when there is no such place.</summary>
    internal string? Part(string metric)
    {
        if (metric == Name) return "";
        if (Name.Split(Place) is not [var before, var after] || metric.Length <= before.Length + after.Length) return null;
        return metric.StartsWith(before, StringComparison.Ordinal) && metric.EndsWith(after, StringComparison.Ordinal) ? metric[before.Length..^after.Length] : null;
    }

    /// <summary>The name without that place: <c>rewards/{name}/mean</c> is <c>rewards/mean</c>.</summary>
    internal string Family => Name.Replace("/" + Place, "", StringComparison.Ordinal);
}
