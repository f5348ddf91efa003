namespace ViSurf.Core.Data.Pictures;

/// <summary>Decoded pixels.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Rgb">Red, green, blue of each pixel, row by row.</param>
internal sealed record Raster(int Width, int Height, byte[] Rgb);

/// <summary>Turns and mirrors pixels (EXIF 2.32, tag 274).</summary>
internal static class Orientation
{
    // Read across rows, a picture misses the cache at every pixel; in squares of this side it does not.
    private const int Square = 32;

    /// <summary>The picture as people see it.</summary>
    /// <param name="raster">As stored; returned as it is for 1.</param>
    /// <param name="orientation">1 to 8.</param>
    public static Raster Upright(Raster raster, int orientation)
    {
        var (width, height) = (raster.Width, raster.Height);
        long right = 3, down = 3L * width, lastColumn = 3L * (width - 1), lastRow = 3L * width * (height - 1);
        // Where the upper left pixel comes from, and the steps to the one right of it and below it.
        var (from, x, y) = orientation switch
        {
            2 => (lastColumn, -right, down),
            3 => (lastColumn + lastRow, -right, -down),
            4 => (lastRow, right, -down),
            5 => (0L, down, right),
            6 => (lastRow, -down, right),
            7 => (lastRow + lastColumn, -down, -right),
            8 => (lastColumn, down, -right),
            _ => (0L, right, down),
        };
        if (orientation is < 2 or > 8) return raster;
        if (orientation >= 5) (width, height) = (height, width);
        var (source, turned) = (raster.Rgb, new byte[raster.Rgb.Length]);
        for (var top = 0; top < height; top += Square)
            for (var left = 0; left < width; left += Square)
                for (var row = top; row < Math.Min(top + Square, height); row++)
                {
                    var (at, to) = (from + left * x + row * y, 3 * ((long)row * width + left));
                    for (var n = Math.Min(Square, width - left); n > 0; n--, at += x, to += 3)
                        (turned[to], turned[to + 1], turned[to + 2]) = (source[at], source[at + 1], source[at + 2]);
                }
        return new Raster(width, height, turned);
    }
}
