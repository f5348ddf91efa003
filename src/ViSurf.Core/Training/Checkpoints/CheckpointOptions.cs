using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>The metric that says which checkpoint is best.</summary>
/// <param name="Metric">Its name among the metrics of an evaluation.</param>
/// <param name="HigherIsBetter">false for losses and errors.</param>
public sealed record BestBy(string Metric, bool HigherIsBetter = true)
{
    /// <summary>The number to compare, larger is better; null when it was not measured or is not a number.</summary>
    internal double? Worth(IReadOnlyDictionary<string, double> metrics)
        => !metrics.TryGetValue(Metric, out var value) || double.IsNaN(value) ? null : HigherIsBetter ? value : -value;
}

/// <summary>Which checkpoints stay.</summary>
public sealed record CheckpointOptions
{
    /// <summary>The most recent ones.</summary>
    /// <value>2: one to go on from, and one before it should the disk have damaged it. At least 1.</value>
    public int KeepLast { get; init => field = Guard.Positive(value); } = 2;

    /// <summary>Names the metric by which some stay beyond that.</summary>
    /// <value>null: none do.</value>
    public BestBy? Best { get; init; }

    /// <summary>How many stay because they are the best by <see cref="Best"/>.</summary>
    /// <value>1.</value>
    public int KeepBest { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>What may go: neither among the last nor among the best. Of two equally good ones the earlier is the better.</summary>
    internal IReadOnlyList<Checkpoint> Surplus(IReadOnlyList<Checkpoint> checkpoints)
    {
        var last = checkpoints.OrderByDescending(c => c.Order).Take(KeepLast);
        return [.. checkpoints.Except(last.Concat(Ranked(checkpoints).Take(KeepBest)))];
    }

    /// <summary>Best first; those without the metric are left out.</summary>
    internal IEnumerable<Checkpoint> Ranked(IEnumerable<Checkpoint> checkpoints)
        => Best is null ? [] : checkpoints.Where(c => Best.Worth(c.Metrics) is not null).OrderByDescending(c => Best.Worth(c.Metrics)).ThenBy(c => c.Order);
}
