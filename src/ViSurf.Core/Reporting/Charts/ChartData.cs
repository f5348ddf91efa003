namespace ViSurf.Core.Reporting.Charts;

/// <summary>A chart with its numbers, of the steps where it has any.</summary>
internal sealed class ChartData
{
    public ChartData(Chart chart, IReadOnlyList<Stretch<IReadOnlyDictionary<string, Spread>>> steps)
    {
        Chart = chart;
        Rows = [.. steps.Where(s => chart.Lines.Any(line => Find(s.Value, line.Key).Count > 0))];
        Lines = [.. chart.Lines.Where(line => Rows.Any(s => Find(s.Value, line.Key).Count > 0))];
        X = Rows.Length == 0 ? Axis.OfSteps(0, 0) : Axis.OfSteps(Rows[0].First, Rows[^1].Last);
        Y = Axis.Of([.. Extremes().Where(double.IsFinite)], chart.Unit);
    }

    public Chart Chart { get; }

    /// <summary>Stretches in which at least one line has a number.</summary>
    public Stretch<IReadOnlyDictionary<string, Spread>>[] Rows { get; }

    /// <summary>Lines that have a number somewhere.</summary>
    public ChartLine[] Lines { get; }

    public Axis X { get; }

    public Axis Y { get; }

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty => Rows.Length == 0 || (Chart.OnlyIfAny && Extremes().All(v => v == 0));

    public Spread this[int row, ChartLine line] => Find(Rows[row].Value, line.Key);

    /// <summary>Mean deviation around a line, 0 where there is none.</summary>
    public double Around(int row, ChartLine line) => line.Around is { } key ? Find(Rows[row].Value, key).Mean ?? 0 : 0;

    /// <summary>Sum of the lines up to and including <paramref name="count"/> of them.</summary>
    public double Stack(int row, int count) => Lines.Take(count).Sum(line => this[row, line].Mean ?? 0);

    /// <summary>Where a stretch is drawn: at its middle; a measured value at its step.</summary>
    public double Step(int row) => Chart.Marked ? Rows[row].Last : (Rows[row].First + (double)Rows[row].Last) / 2;

    /// <summary>The last number of a line.</summary>
    public double? Latest(ChartLine line) => Enumerable.Range(0, Rows.Length).Select(row => this[row, line].Mean).LastOrDefault(mean => mean is not null);

    private IEnumerable<double> Extremes()
    {
        for (var row = 0; row < Rows.Length; row++)
        {
            if (Chart.Stacked) yield return Stack(row, Lines.Length);
            foreach (var line in Lines.Where(line => !Chart.Stacked && this[row, line].Count > 0))
            {
                var (spread, around) = (this[row, line], Around(row, line));
                yield return Math.Min(spread.Least, spread.Mean!.Value - around);
                yield return Math.Max(spread.Most, spread.Mean!.Value + around);
            }
        }
    }

    private static Spread Find(IReadOnlyDictionary<string, Spread> numbers, string key) => numbers.TryGetValue(key, out var spread) ? spread : default;
}
