using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Images;

/// <summary><c>preprocessor_config.json</c>, or <c>image_processor</c> of <c>processor_config.json</c> where newer transformers put it. Defaults are those of transformers' Qwen2VLImageProcessor, for files that leave keys out.</summary>
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

    /// <summary>Reads a checkpoint directory's file; a directory without one gets the defaults.</summary>
    /// <exception cref="InvalidDataException">The file is not JSON, or asks for something other than RGB bicubic resizing.</exception>
    public static ImageProcessorConfig Read(string directory)
    {
        if (LinkRule.Find(directory, "preprocessor_config.json") is { } own) return Parse(own, json => json);
        return LinkRule.Find(directory, "processor_config.json") is { } joint ? Parse(joint, json => Find(json, "image_processor")) : new ImageProcessorConfig();
    }

    private static ImageProcessorConfig Parse(string path, Func<JsonElement, JsonElement?> part)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            return part(json.RootElement) is { } settings ? Read(settings) : new ImageProcessorConfig();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"Expected the settings of a Qwen2VLImageProcessor in '{path}': {e.Message}", e);
        }
    }

    private static ImageProcessorConfig Read(JsonElement json)
    {
        var d = new ImageProcessorConfig();
        if (Find(json, "resample") is { } resample && resample.GetInt32() != 3)
            throw new FormatException($"resample is {resample.GetInt32()}, expected 3 (bicubic).");
        foreach (var step in new[] { "do_resize", "do_rescale", "do_normalize" })
            if (Find(json, step)?.GetBoolean() == false) throw new FormatException($"{step} is false, expected true.");
        var size = Find(json, "size");
        return new ImageProcessorConfig
        {
            // Older files state min_pixels and max_pixels, newer ones size; where both are there they agree.
            MinPixels = Find(json, "min_pixels")?.GetInt64() ?? Find(size, "shortest_edge")?.GetInt64() ?? d.MinPixels,
            MaxPixels = Find(json, "max_pixels")?.GetInt64() ?? Find(size, "longest_edge")?.GetInt64() ?? d.MaxPixels,
            PatchSize = Find(json, "patch_size")?.GetInt32() ?? d.PatchSize,
            TemporalPatchSize = Find(json, "temporal_patch_size")?.GetInt32() ?? d.TemporalPatchSize,
            MergeSize = Find(json, "merge_size")?.GetInt32() ?? d.MergeSize,
            Mean = Triple(json, "image_mean") ?? d.Mean,
            Std = Triple(json, "image_std") ?? d.Std,
            RescaleFactor = Find(json, "rescale_factor")?.GetDouble() ?? d.RescaleFactor,
        };
    }

    private static double[]? Triple(JsonElement json, string key)
    {
        if (Find(json, key) is not { } found) return null;
        var values = found.EnumerateArray().Select(v => v.GetDouble()).ToArray();
        return values.Length == 3 ? values : throw new FormatException($"{key} has {values.Length} numbers, expected 3.");
    }

    private static JsonElement? Find(JsonElement? json, string key)
        => json is { ValueKind: JsonValueKind.Object } j && j.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;
}
