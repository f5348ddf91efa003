using System.Text.Json;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Pictures in RGB, RGBA, L and P against transformers' Qwen2VLImageProcessor: exact patches.</summary>
public sealed class ImageProcessorParity : IDisposable
{
    private static readonly JsonDocument Golden = Fixtures.Json("image_processor", "golden.json");
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<int> Cases()
    {
        var data = new TheoryData<int>();
        for (var i = 0; i < Golden.RootElement.GetArrayLength(); i++) data.Add(i);
        return data;
    }

    [Fact]
    public void There_are_cases() => Cases().Count.Should().BePositive();

    [Theory, MemberData(nameof(Cases))]
    public void Patches_are_exact(int index)
    {
        var golden = Golden.RootElement[index];
        var (name, patch) = (golden.GetProperty("image").GetString()!, golden.GetProperty("patch_size").GetInt32());
        var processor = new QwenImageProcessor(new ImageProcessorConfig
        {
            PatchSize = patch,
            MinPixels = golden.GetProperty("min_pixels").GetInt64(),
            MaxPixels = golden.GetProperty("max_pixels").GetInt64(),
            // The golden data at patch 16 is that of Qwen3-VL's size with the same normalisation.
            Mean = golden.TryGetProperty("image_mean", out var mean) ? Numbers(mean) : new ImageProcessorConfig().Mean,
            Std = golden.TryGetProperty("image_std", out var std) ? Numbers(std) : new ImageProcessorConfig().Std,
        });
        var image = new SkiaImageDecoder().Decode(ImageSource.FromFile(Fixtures.PathOf("image_processor", name)));
        (image.Width, image.Height).Should().Be((golden.GetProperty("width").GetInt32(), golden.GetProperty("height").GetInt32()));
        if (golden.TryGetProperty("error", out _))
        {
            var process = () => processor.Process(image);
            process.Should().Throw<ArgumentException>();
            return;
        }
        var (pixels, grid) = processor.Process(image);
        new[] { grid.Frames, grid.Height, grid.Width }.Should().Equal(golden.GetProperty("grid_thw").EnumerateArray().Select(n => n.GetInt32()));

        using var tensors = SafeTensorsReader.Open(Fixtures.PathOf("image_processor", "golden.safetensors"));
        var key = $"{Path.GetFileNameWithoutExtension(name)}.p{patch}.";
        var first = tensors.Read(key + "first_rows");
        var last = tensors.Read(key + "last_rows");
        Difference(pixels.narrow(0, 0, first.shape[0]), first).Should().BeLessThan(1e-6f, "one 8-bit level is 0.014");
        Difference(pixels.narrow(0, pixels.shape[0] - last.shape[0], last.shape[0]), last).Should().BeLessThan(1e-6f);
        Difference(pixels.mean([1]), tensors.Read(key + "row_means")).Should().BeLessThan(1e-5f, "sums run in another order");
        pixels.mean().item<float>().Should().BeApproximately(golden.GetProperty("mean").GetSingle(), 1e-5f);
    }

    public void Dispose() => _scope.Dispose();

    private static double[] Numbers(JsonElement list) => list.EnumerateArray().Select(n => n.GetDouble()).ToArray();

    private static float Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
