using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Images;

/// <summary>Pixels to patches: resize, normalise, cut into patches in the order the vision tower merges them. Runs on the CPU.</summary>
/// <remarks>transformers' Qwen2VLImageProcessor (fast): bicubic with antialias on 8-bit values.</remarks>
public sealed class QwenImageProcessor
{
    private readonly float[] _scale, _shift;

    /// <param name="config">Null for the defaults.</param>
    /// <exception cref="ArgumentException">
    /// A setting is beyond all reason; the message names it by its key in preprocessor_config.json.
    /// </exception>
    public QwenImageProcessor(ImageProcessorConfig? config = null)
    {
        Config = config ?? new ImageProcessorConfig();
        if (ImageProcessorLimits.Problem(Config) is { } problem) throw new ArgumentException(problem, nameof(config));
        // (x / 255 − mean) / std in one step, as the reference fuses them: (x − mean · 255) / (std · 255).
        _shift = Config.Mean.Select(m => (float)(m / Config.RescaleFactor)).ToArray();
        _scale = Config.Std.Select(s => (float)(s / Config.RescaleFactor)).ToArray();
    }

    /// <summary>The settings.</summary>
    public ImageProcessorConfig Config { get; }

    /// <summary>Cuts a picture into patches.</summary>
    /// <returns>float32 [K, channels · frames · side²] on the CPU, owned by the caller; and the grid, K = its number of patches.</returns>
    /// <exception cref="ArgumentException">One side is more than 200 times the other.</exception>
    public (Tensor Pixels, PatchGrid Grid) Process(RgbImage image)
    {
        Guard.NotNull(image);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (height, width) = SmartResize.Of(image.Height, image.Width, Config.Factor, Config.MinPixels, Config.MaxPixels);
        var pixels = Planes(image);
        if ((height, width) != (image.Height, image.Width))
            pixels = nn.functional.interpolate(pixels, [height, width], mode: InterpolationMode.Bicubic, align_corners: false, antialias: true);
        var normalised = (pixels.to_type(ScalarType.Float32) - tensor(_shift, device: CPU).view(1, 3, 1, 1))
            / tensor(_scale, device: CPU).view(1, 3, 1, 1);
        return (Patches(normalised, height, width).DetachFromDisposeScope(), new PatchGrid(1, height / Config.PatchSize, width / Config.PatchSize));
    }

    /// <summary>[1, 3, height, width]: a plane for each colour, written once; a large picture is not copied twice more.</summary>
    private static Tensor Planes(RgbImage image)
    {
        var planes = empty([1, 3, image.Height, image.Width], ScalarType.Byte, CPU);
        var area = image.Pixels.Length / 3;
        var bytes = planes.bytes;
        var red = bytes[..area];
        var green = bytes.Slice(area, area);
        var blue = bytes[(2 * area)..];
        ReadOnlySpan<byte> pixels = image.Pixels;
        for (int i = 0, from = 0; i < red.Length; i++, from += 3)
        {
            red[i] = pixels[from];
            green[i] = pixels[from + 1];
            blue[i] = pixels[from + 2];
        }
        return planes;
    }

    /// <summary>(C, gh/m, m, p, gw/m, m, p) → (gh/m, gw/m, m, m, C, frames, p, p): merge blocks side by side, each vector channel first.</summary>
    private Tensor Patches(Tensor pixels, int height, int width)
    {
        var (patch, merge, frames) = (Config.PatchSize, Config.MergeSize, Config.TemporalPatchSize);
        var (rows, columns) = (height / patch / merge, width / patch / merge);
        return pixels.view(3, rows, merge, patch, columns, merge, patch)
            .permute(1, 4, 2, 5, 0, 3, 6).unsqueeze(5)
            .expand(rows, columns, merge, merge, 3, frames, patch, patch)
            .reshape((long)rows * columns * merge * merge, 3L * frames * patch * patch);
    }
}
