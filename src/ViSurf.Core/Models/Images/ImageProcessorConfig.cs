using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Images;

/// <summary>
/// <c>image_processor</c> of <c>processor_config.json</c>, where transformers 5 puts it, or <c>preprocessor_config.json</c>.
/// Defaults are those of transformers' Qwen2VLImageProcessor, for files that leave keys out.
/// </summary>
public sealed record ImageProcessorConfig
{
    /// <summary>Smallest area in pixels.</summary>
    public long MinPixels { get; init; } = 56 * 56;

    /// <summary>Largest area in pixels.</summary>
    public long MaxPixels { get; init; } = 28 * 28 * 1280;

    /// <summary>Pixels per side of a patch.</summary>
    public int PatchSize { get; init; } = 14;

    /// <summary>Frames per patch; a still image is repeated.</summary>
    public int TemporalPatchSize { get; init; } = 2;

    /// <summary>Patches per side that become one token.</summary>
    public int MergeSize { get; init; } = 2;

    /// <summary>Subtracted from each channel (red, green, blue) after scaling to [0, 1]: CLIP's.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.48145466, 0.4578275, 0.40821073];

    /// <summary>Divides each channel: CLIP's.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.26862954, 0.26130258, 0.27577711];

    /// <summary>Multiplies 8-bit values.</summary>
    public double RescaleFactor { get; init; } = 1.0 / 255;

    /// <summary>Both sides of a resized picture are multiples of this.</summary>
    public int Factor => PatchSize * MergeSize;

    /// <summary>
    /// Reads a checkpoint directory's settings: <c>image_processor</c> of processor_config.json where that file has it, else
    /// preprocessor_config.json, as transformers 5 does; the defaults where there is neither.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// A file is not JSON, asks for something other than RGB bicubic resizing, or holds a value of another kind or beyond all reason; the
    /// message names file, key and value.
    /// </exception>
    public static ImageProcessorConfig Read(string directory)
        => (LinkRule.Find(directory, "processor_config.json") is { } joint ? Parse(joint, root => root.Object("image_processor")) : null)
            ?? (LinkRule.Find(directory, "preprocessor_config.json") is { } own ? Parse(own, root => root) : null)
            ?? new ImageProcessorConfig();

    /// <returns>Null where the file has no such part.</returns>
    private static ImageProcessorConfig? Parse(string path, Func<JsonSettings, JsonSettings?> part)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            if (part(JsonSettings.Root(json)) is not { } settings) return null;
            var config = Read(settings);
            return ImageProcessorLimits.Problem(config) is { } problem ? throw new FormatException(problem) : config;
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected the settings of a Qwen2VLImageProcessor in '{path}': {e.Message}", e);
        }
    }

    private static ImageProcessorConfig Read(JsonSettings json)
    {
        var d = new ImageProcessorConfig();
        // Qwen2VLImageProcessor, …Fast, …Pil, and Qwen2_5_VLImageProcessor of early files: they make the same patches.
        if (json.Text("image_processor_type") is { } type
            && !(type.StartsWith("Qwen", StringComparison.Ordinal) && type.Contains("VLImageProcessor", StringComparison.Ordinal)))
            throw new FormatException($"image_processor_type is '{Excerpt.Of(type)}', expected Qwen2VLImageProcessor.");
        if (json.Whole("resample") is { } resample and not 3) throw new FormatException($"resample is {resample}, expected 3 (bicubic).");
        foreach (var step in new[] { "do_resize", "do_rescale", "do_normalize" })
            if (json.Bool(step) == false) throw new FormatException($"{step} is false, expected true.");
        var size = json.Object("size");
        return new ImageProcessorConfig
        {
            // Older files state min_pixels and max_pixels, newer ones size; where both are there, transformers takes the former.
            MinPixels = json.Whole("min_pixels") ?? Edge(size, "shortest_edge") ?? d.MinPixels,
            MaxPixels = json.Whole("max_pixels") ?? Edge(size, "longest_edge") ?? d.MaxPixels,
            PatchSize = json.Int("patch_size", d.PatchSize),
            TemporalPatchSize = json.Int("temporal_patch_size", d.TemporalPatchSize),
            MergeSize = json.Int("merge_size", d.MergeSize),
            Mean = Triple(json, "image_mean") ?? d.Mean,
            Std = Triple(json, "image_std") ?? d.Std,
            RescaleFactor = json.Number("rescale_factor", d.RescaleFactor),
        };
    }

    private static long? Edge(JsonSettings? size, string key)
        => size is not { } given ? null : given.Whole(key)
            ?? throw new FormatException($"size has no {key}, expected shortest_edge and longest_edge, "
                + $"the smallest and largest area in pixels.");

    /// <summary>One number stands for all three channels.</summary>
    private static IReadOnlyList<double>? Triple(JsonSettings json, string key)
        => json.Find(key) is { ValueKind: JsonValueKind.Number } ? [.. Enumerable.Repeat(json.Number(key, 0), 3)] : json.Numbers(key);
}
