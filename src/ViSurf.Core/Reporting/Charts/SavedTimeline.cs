namespace ViSurf.Core.Reporting.Charts;

/// <summary>Numbers by step as a checkpoint holds them: a column for each name, since names repeat in every stretch.</summary>
/// <param name="Stride">Values that a stretch takes, greater than 0.</param>
/// <param name="First">First step of each stretch.</param>
/// <param name="Last">Last step of each.</param>
/// <param name="Count">Steps that went into each.</param>
/// <param name="Numbers">
/// By name, for each stretch: null where it has no such number, [] where none was finite, [value] for one, else [sum, count, least, most]. Names
/// in the order in which the run met them.
/// </param>
internal sealed record SavedTimeline(int Stride, long[] First, long[] Last, int[] Count, IReadOnlyDictionary<string, double[]?[]> Numbers)
{
    public static SavedTimeline Of(Timeline<IReadOnlyDictionary<string, Spread>> timeline)
    {
        var stretches = timeline.Stretches;
        var names = stretches.SelectMany(s => s.Value.Keys).Distinct(StringComparer.Ordinal);
        return new SavedTimeline(
            timeline.Stride, [.. stretches.Select(s => s.First)], [.. stretches.Select(s => s.Last)], [.. stretches.Select(s => s.Count)],
            names.ToDictionary(name => name, name => stretches.Select(s => s.Value.TryGetValue(name, out var spread) ? Saved(spread) : null).ToArray(), StringComparer.Ordinal));
    }

    /// <summary>Brings a timeline to this state.</summary>
    /// <exception cref="InvalidDataException">The columns do not fit together; the timeline is as it was.</exception>
    public void Restore(Timeline<IReadOnlyDictionary<string, Spread>> timeline)
    {
        if (Stride < 1 || Last.Length != First.Length || Count.Length != First.Length || Numbers.Values.Any(column => column is null || column.Length != First.Length))
            throw new InvalidDataException($"Expected a stride from 1 up and columns of {First.Length} stretches, got others.");
        timeline.Restore(Stride, [.. First.Select((first, i) => new Stretch<IReadOnlyDictionary<string, Spread>>(
            first, Last[i], Count[i], Numbers.Where(n => n.Value[i] is not null).ToDictionary(n => n.Key, n => Spread(n.Value[i]!), StringComparer.Ordinal)))]);
    }

    private static double[] Saved(Spread spread) => spread.Count switch
    {
        0 => [],
        1 => [spread.Sum],
        _ => [spread.Sum, spread.Count, spread.Least, spread.Most],
    };

    private static Spread Spread(double[] saved) => saved switch
    {
        [] => default,
        [var value] => new Spread(value, 1, value, value),
        [var sum, var count, var least, var most] => new Spread(sum, (int)count, least, most),
        _ => throw new InvalidDataException($"Expected none, one or four numbers of a stretch, got {saved.Length}."),
    };
}
