namespace ViSurf.Core.Training;

/// <summary>Ragged numbers as a table.</summary>
internal static class PaddedNumbers
{
    /// <summary>Rows of numbers, padded on the right, with what is known of them; null is a row of unknowns.</summary>
    public static (float[] Values, bool[] Known) Of(IReadOnlyList<IReadOnlyList<float>?> rows, int width)
    {
        var values = new float[rows.Count * width];
        var known = new bool[values.Length];
        for (var n = 0; n < rows.Count; n++)
            for (var t = 0; t < (rows[n]?.Count ?? 0); t++) (values[n * width + t], known[n * width + t]) = (rows[n]![t], true);
        return (values, known);
    }
}
