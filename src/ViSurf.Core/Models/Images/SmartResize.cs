namespace ViSurf.Core.Models.Images;

/// <summary>The size a picture is resized to: both sides multiples of a factor, the area within limits, the ratio roughly kept.</summary>
/// <remarks>transformers' <c>smart_resize</c> (Qwen2VLImageProcessor), Python's half-to-even rounding included.</remarks>
public static class SmartResize
{
    private const int LargestRatio = 200;

    /// <summary>Computes the size.</summary>
    /// <param name="height">Pixels.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="factor">Patch size × merge size; 28 for Qwen2.5-VL.</param>
    /// <param name="minPixels">Smallest area.</param>
    /// <param name="maxPixels">Largest area.</param>
    /// <exception cref="ArgumentException">One side is more than 200 times the other.</exception>
    public static (int Height, int Width) Of(int height, int width, int factor, long minPixels, long maxPixels)
    {
        if (Math.Max(height, width) > (double)LargestRatio * Math.Min(height, width))
            throw new ArgumentException($"Expected sides whose ratio is at most {LargestRatio}, got {width} × {height} pixels.");
        var (h, w) = (RoundTo(height, factor), RoundTo(width, factor));
        if ((long)h * w > maxPixels)
        {
            var beta = Math.Sqrt((double)height * width / maxPixels);
            return (Math.Max(factor, (int)Math.Floor(height / beta / factor) * factor), Math.Max(factor, (int)Math.Floor(width / beta / factor) * factor));
        }
        if ((long)h * w < minPixels)
        {
            var beta = Math.Sqrt((double)minPixels / ((double)height * width));
            return ((int)Math.Ceiling(height * beta / factor) * factor, (int)Math.Ceiling(width * beta / factor) * factor);
        }
        return (h, w);
    }

    private static int RoundTo(int side, int factor) => (int)Math.Round((double)side / factor, MidpointRounding.ToEven) * factor;
}
