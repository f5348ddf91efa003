using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>The rectangle that coordinates refer to: (0, 0) is its upper left corner.</summary>
/// <param name="Width">Where the right edge of the picture lies; pixels, or 1000 for thousandths.</param>
/// <param name="Height">Where its lower edge lies.</param>
public readonly record struct FrameSize(int Width, int Height)
{
    /// <summary>0 to 1000 along each side, whatever the picture's size: how Qwen2-VL and Qwen3-VL speak.</summary>
    public static FrameSize Thousandths { get; } = new(1000, 1000);

    /// <summary>0 to 1 along each side: coordinates as shares of the picture.</summary>
    public static FrameSize Shares { get; } = new(1, 1);

    /// <summary>The frame of the model that is trained, whichever it is: for labels that were prepared for it.</summary>
    /// <value>
    /// 0 × 0, which is no size. <c>encoder.InModelFrame</c> puts the real one in its place; <see cref="ExampleFrames.ToPicture"/> and
    /// drawings need it.
    /// </value>
    public static FrameSize OfModel { get; }

    /// <summary>Width × height, for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width} × {Height}");
}

/// <summary>From the coordinates of one frame to those of another; each axis has its own factor, as a resized picture has.</summary>
/// <param name="X">Multiplies x.</param>
/// <param name="Y">Multiplies y.</param>
/// <param name="WholePixels">Whether results are rounded to whole numbers, halves up, as VisionReasoner prepares its labels.</param>
public readonly record struct FrameScale(double X, double Y, bool WholePixels)
{
    /// <summary>The scale from <paramref name="from"/> to <paramref name="to"/>.</summary>
    /// <param name="from">The frame that coordinates are in.</param>
    /// <param name="to">The frame that they are wanted in.</param>
    /// <param name="wholePixels">true for labels, which policies write as whole numbers; false for predictions, which are measured.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive.</exception>
    public static FrameScale Between(FrameSize from, FrameSize to, bool wholePixels = false)
        => new((double)Guard.Positive(to.Width) / Guard.Positive(from.Width), (double)Guard.Positive(to.Height) / Guard.Positive(from.Height), wholePixels);

    /// <summary>A rectangle in the other frame.</summary>
    public Box Apply(Box box) => new(Across(box.X1), Down(box.Y1), Across(box.X2), Down(box.Y2));

    /// <summary>A position in the other frame.</summary>
    public PixelPoint Apply(PixelPoint point) => new(Across(point.X), Down(point.Y));

    private double Across(double x) => WholePixels ? Math.Floor(x * X + 0.5) : x * X;

    private double Down(double y) => WholePixels ? Math.Floor(y * Y + 0.5) : y * Y;
}
