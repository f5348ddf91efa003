namespace ViSurf.Core.Advantages;

/// <summary>Mean and standard deviation of a few rewards.</summary>
internal readonly record struct Spread(double Mean, double Deviation)
{
    /// <param name="values">Rewards.</param>
    /// <param name="correction">1 divides the squares by n − 1, 0 by n.</param>
    public static Spread Of(double[] values, int correction)
    {
        // verl's convention: a reward that cannot be compared is its own advantage.
        if (values.Length <= 1) return new Spread(0, 1);
        // The mean of equal numbers may differ from them in the last bit, and dividing that by ε makes it visible.
        if (values.Max() == values.Min()) return new Spread(values[0], 0);
        var mean = values.Sum() / values.Length;
        var squares = values.Sum(v => (v - mean) * (v - mean));
        return new Spread(mean, Math.Sqrt(squares / (values.Length - correction)));
    }
}
