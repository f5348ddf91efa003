using ViSurf.Core.Common;

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
    /// <exception cref="ArgumentException">
    /// One side is more than 200 times the other, or a side of the result would not fit 32 bits.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size, the factor or a limit is not positive.</exception>
    public static (int Height, int Width) Of(int height, int width, int factor, long minPixels, long maxPixels)
    {
        Guard.Positive(height);
        Guard.Positive(width);
        Guard.Positive(factor);
        Guard.Positive(minPixels);
        Guard.Positive(maxPixels);
        if (Math.Max(height, width) > (double)LargestRatio * Math.Min(height, width))
            throw new ArgumentException($"Expected sides whose ratio is at most {LargestRatio}, got {width} × {height} pixels.");
        var (h, w) = (RoundTo(height, factor), RoundTo(width, factor));
        if ((Int128)h * w > maxPixels)
        {
            var beta = Math.Sqrt((double)height * width / maxPixels);
            (h, w) = (Math.Max(factor, Multiple(Math.Floor(height / beta / factor), factor)),
                Math.Max(factor, Multiple(Math.Floor(width / beta / factor), factor)));
        }
        else if ((Int128)h * w < minPixels)
        {
            var beta = Math.Sqrt((double)minPixels / ((double)height * width));
            (h, w) = (Multiple(Math.Ceiling(height * beta / factor), factor), Multiple(Math.Ceiling(width * beta / factor), factor));
        }
        return h <= int.MaxValue && w <= int.MaxValue ? ((int)h, (int)w)
            : throw new ArgumentException($"Expected sides of at most {int.MaxValue} pixels, "
                + $"got {w} × {h} for a picture of {width} × {height} and at least {minPixels} pixels.");
    }

    private static long RoundTo(int side, int factor) => Multiple(Math.Round((double)side / factor, MidpointRounding.ToEven), factor);

    /// <summary>In 64 bits: minPixels may ask for sides that 32 do not hold.</summary>
    private static long Multiple(double count, int factor) => (long)count * factor;
}
