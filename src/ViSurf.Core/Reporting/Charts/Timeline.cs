using ViSurf.Core.Common;

namespace ViSurf.Core.Reporting.Charts;

/// <summary>A stretch of steps and what is kept of it.</summary>
/// <param name="First">First step.</param>
/// <param name="Last">Last step.</param>
/// <param name="Count">Values that went in.</param>
/// <param name="Value">Their merged value.</param>
internal sealed record Stretch<T>(long First, long Last, int Count, T Value);

/// <summary>
/// Values by step that never take more than a fixed room: when it is full, neighbours are merged in pairs, and from then on each stretch takes
/// twice as many values. So a run of a million steps is as long as one of a hundred, evenly over its whole length.
/// </summary>
/// <param name="capacity">Most stretches kept, at least 2.</param>
/// <param name="merge">Earlier and later value to one.</param>
internal sealed class Timeline<T>(int capacity, Func<T, T, T> merge)
{
    private readonly int _capacity = Guard.InRange(capacity, 2, int.MaxValue);
    private readonly List<Stretch<T>> _stretches = [];

    /// <summary>In the order of steps.</summary>
    public IReadOnlyList<Stretch<T>> Stretches => _stretches;

    /// <summary>Values that a stretch takes: 1, 2, 4 and so on.</summary>
    public int Stride { get; private set; } = 1;

    /// <summary>Goes on from what another timeline, of any capacity, had.</summary>
    public void Restore(int stride, IEnumerable<Stretch<T>> stretches)
    {
        Stride = stride;
        _stretches.Clear();
        _stretches.AddRange(stretches);
        while (_stretches.Count > _capacity) Halve();
    }

    /// <summary>Adds the value of a step. What there is of this step and later ones goes first: a run that resumed does them again.</summary>
    public void Add(long step, T value)
    {
        _stretches.RemoveAll(s => s.Last >= step);
        if (_stretches is [.., var last] && last.Count < Stride)
        {
            _stretches[^1] = Join(last, new Stretch<T>(step, step, 1, value));
            return;
        }
        if (_stretches.Count == _capacity) Halve();
        _stretches.Add(new Stretch<T>(step, step, 1, value));
    }

    private void Halve()
    {
        Stride *= 2;
        var halved = _stretches.Chunk(2).Select(pair => pair.Length == 2 ? Join(pair[0], pair[1]) : pair[0]).ToArray();
        _stretches.Clear();
        _stretches.AddRange(halved);
    }

    private Stretch<T> Join(Stretch<T> a, Stretch<T> b) => new(a.First, b.Last, a.Count + b.Count, merge(a.Value, b.Value));
}

/// <summary>One number over some steps: mean and range of its finite values.</summary>
/// <param name="Sum">Of the values.</param>
/// <param name="Count">Finite values; 0 when there was none.</param>
/// <param name="Least">Smallest.</param>
/// <param name="Most">Largest.</param>
internal readonly record struct Spread(double Sum, int Count, double Least, double Most)
{
    public double? Mean => Count == 0 ? null : Sum / Count;

    public static Spread Of(double value) => double.IsFinite(value) ? new Spread(value, 1, value, value) : default;

    public Spread With(Spread other)
        => Count == 0 ? other : other.Count == 0 ? this
            : new Spread(Sum + other.Sum, Count + other.Count, Math.Min(Least, other.Least), Math.Max(Most, other.Most));

    /// <summary>Numbers by name, those of both.</summary>
    public static IReadOnlyDictionary<string, Spread> Merge(IReadOnlyDictionary<string, Spread> a, IReadOnlyDictionary<string, Spread> b)
    {
        var merged = new Dictionary<string, Spread>(a, StringComparer.Ordinal);
        foreach (var (name, spread) in b) merged[name] = merged.TryGetValue(name, out var earlier) ? earlier.With(spread) : spread;
        return merged;
    }
}
