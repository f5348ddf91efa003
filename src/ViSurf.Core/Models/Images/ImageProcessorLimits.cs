namespace ViSurf.Core.Models.Images;

/// <summary>
/// Bounds of a picture processor's settings, each far above any published model: what is beyond them makes pixels that are no numbers,
/// pictures of one token or of gigabytes.
/// </summary>
internal static class ImageProcessorLimits
{
    // The largest published min_pixels is 65,536, the largest max_pixels 2^24. A small picture is enlarged to min_pixels; max_pixels only
    // cuts.
    private const long LargestMinimum = 1 << 24, LargestMaximum = int.MaxValue;
    private const int Side = 1 << 12, Frames = 16;
    private const double Least = 1e-6, Most = 1e3;

    /// <summary>What is wrong, by the key of the file; null for nothing.</summary>
    public static string? Problem(ImageProcessorConfig c)
    {
        var token = (long)c.PatchSize * c.MergeSize * c.PatchSize * c.MergeSize;
        return Outside("patch_size", c.PatchSize, 1, Side) ?? Outside("merge_size", c.MergeSize, 1, Side)
            ?? Outside("temporal_patch_size", c.TemporalPatchSize, 1, Frames)
            ?? Outside("min_pixels (size.shortest_edge)", c.MinPixels, 1, LargestMinimum)
            ?? (c.MaxPixels < token || c.MaxPixels > LargestMaximum
                ? $"max_pixels (size.longest_edge) is {c.MaxPixels}, "
                    + $"expected {token} (one token of {c.Factor} × {c.Factor} pixels) to {LargestMaximum}." : null)
            ?? (c.MinPixels > c.MaxPixels
                ? $"min_pixels (size.shortest_edge) is {c.MinPixels}, above max_pixels (size.longest_edge), which is {c.MaxPixels}." : null)
            ?? (c.RescaleFactor is >= Least and <= Most ? null
                : FormattableString.Invariant($"rescale_factor is {c.RescaleFactor}, expected {Least} to {Most}."))
            ?? Triple("image_mean", c.Mean, -Most) ?? Triple("image_std", c.Std, Least);
    }

    private static string? Outside(string name, long value, long least, long most)
        => value >= least && value <= most ? null : $"{name} is {value}, expected {least} to {most}.";

    private static string? Triple(string name, IReadOnlyList<double> values, double least)
        => values.Count == 3 && values.All(v => v >= least && v <= Most) ? null : FormattableString.Invariant(
                $"{name} is [{string.Join(", ", values.Take(8).Select(v => FormattableString.Invariant($"{v}")))}], expected 3 numbers, each {least} to {Most}.");
}
