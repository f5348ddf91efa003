using ViSurf.Core.Common;

namespace ViSurf.Core.Advantages;

/// <summary>Mean and standard deviation of a few rewards.</summary>
internal readonly record struct Spread(double Mean, double Deviation)
{
    /// <param name="values">Rewards.</param>
    /// <param name="correction">1 divides the squares by n − 1, 0 by n.</param>
    public static Spread Of(double[] values, int correction)
    {
        if (values.Length == 0) return new Spread(0, 1);
        // The mean of equal numbers may differ from them in the last bit, and dividing that by ε makes it visible.
        if (values.Max() == values.Min()) return new Spread(values[0], 0);
        var mean = values.Sum() / values.Length;
        return new Spread(mean, values.DeviationFrom(mean, values.Length - correction));
    }

    /// <summary>Of values that occur several times each; squares are divided by the occurrences − 1.</summary>
    public static Spread OfRepeated((double Value, int Count)[] values)
    {
        if (values.Length == 0) return new Spread(0, 1);
        if (values.Max(v => v.Value) == values.Min(v => v.Value)) return new Spread(values[0].Value, 0);
        var count = values.Sum(v => (double)v.Count);
        var mean = values.Sum(v => v.Value * v.Count) / count;
        var squares = values.Sum(v => v.Count * (v.Value - mean) * (v.Value - mean));
        return new Spread(mean, Math.Sqrt(squares / (count - 1)));
    }
}
