using System.Text.Json.Nodes;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Images;

/// <summary>Settings of the picture processor: bounded like those of config.json, and read from where transformers 5 reads them.</summary>
public sealed class ImageProcessorConfigTests : IDisposable
{
    private readonly TemporaryDirectory _folder = TemporaryDirectory.CopyOf("qwen2_5_vl");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("max_pixels", "1", "max_pixels (size.longest_edge) is 1, expected 784 (one token of 28 × 28 pixels) to 2147483647.")]
    [InlineData("max_pixels", "0", "max_pixels (size.longest_edge) is 0, *")]
    [InlineData("max_pixels", "-5", "max_pixels (size.longest_edge) is -5, *")]
    [InlineData("max_pixels", "783.0", "max_pixels (size.longest_edge) is 783, *")]
    [InlineData("max_pixels", "20000.5", "max_pixels is 20000.5, expected a whole number up to 2^53.")]
    [InlineData("min_pixels", "2147483648", "min_pixels (size.shortest_edge) is 2147483648, expected 1 to 16777216.")]
    [InlineData("min_pixels", "9223372036854775807", "min_pixels (size.shortest_edge) is 9223372036854775807, *")]
    [InlineData("min_pixels", "1e300", "min_pixels is 1e300, *")]
    [InlineData("min_pixels", "0", "min_pixels (size.shortest_edge) is 0, *")]
    [InlineData("min_pixels", "100000", "min_pixels (size.shortest_edge) is 100000, above max_pixels (size.longest_edge), which is 50176.")]
    [InlineData("size", "{\"shortest_edge\": 3136}", "size has no longest_edge, *")]
    [InlineData("size", "{\"height\": 224, \"width\": 224}", "size has no shortest_edge, *")]
    [InlineData("size", "224", "size is 224, expected an object.")]
    [InlineData("patch_size", "0", "patch_size is 0, expected 1 to 4096.")]
    [InlineData("patch_size", "-14", "patch_size is -14, *")]
    [InlineData("merge_size", "2147483647", "merge_size is 2147483647, *")]
    [InlineData("temporal_patch_size", "0", "temporal_patch_size is 0, *")]
    [InlineData("rescale_factor", "0", "rescale_factor is 0, *")]
    [InlineData("rescale_factor", "-0.0039", "rescale_factor is -0.0039, *")]
    [InlineData("rescale_factor", "1e-320", "rescale_factor is 1E-320, *")]
    [InlineData("rescale_factor", "\"0.0039\"", "rescale_factor is \"0.0039\", expected a finite number.")]
    [InlineData("image_mean", "[0.5, 1e400, 0.5]", "image_mean(1) is 1e400, expected a finite number.")]
    [InlineData("image_mean", "[0.5, 0.5]", "image_mean is (0.5, 0.5), expected 3 numbers, *")]
    [InlineData("image_mean", "[1e30, 0, 0]", "image_mean is (1E+30, 0, 0), *")]
    [InlineData("image_std", "[0.5, 0, 0.5]", "image_std is (0.5, 0, 0.5), expected 3 numbers, each 1E-06 to 1000.")]
    [InlineData("image_std", "0", "image_std is (0, 0, 0), *")]
    [InlineData("do_resize", "false", "do_resize is false, expected true.")]
    [InlineData("do_normalize", "0", "do_normalize is 0, expected true or false.")]
    [InlineData("resample", "2", "resample is 2, expected 3 (bicubic).")]
    [InlineData("image_processor_type", "\"CLIPImageProcessor\"", "image_processor_type is 'CLIPImageProcessor', "
        + "expected Qwen2VLImageProcessor.")]
    public void What_makes_no_picture_is_refused_by_key(string key, string value, string message)
    {
        Edit("preprocessor_config.json", key, value);
        FluentActions.Invoking(() => ImageProcessorConfig.Read(_folder.Path)).Should().Throw<InvalidDataException>()
            .Which.Message.Replace('[', '(').Replace(']', ')').Should().Match($"Expected the settings of a Qwen2VLImageProcessor in "
                + $"'*preprocessor_config.json': {message}");
    }

    [Theory]
    [InlineData("image_mean", "0.5")]
    [InlineData("image_mean", "[0.5, 0.5, 0.5]")]
    public void One_number_stands_for_three_channels(string key, string value)
    {
        Edit("preprocessor_config.json", key, value);
        ImageProcessorConfig.Read(_folder.Path).Mean.Should().Equal(0.5, 0.5, 0.5);
    }

    [Fact]
    public void The_image_processor_of_processor_config_wins_over_an_older_file_as_in_transformers_5()
    {
        var older = ImageProcessorConfig.Read(_folder.Path);
        older.MaxPixels.Should().Be(50176);
        // Files of transformers 4 have no such part.
        File.WriteAllText(_folder.File("processor_config.json"), """{"processor_class": "Qwen2_5_VLProcessor"}""");
        ImageProcessorConfig.Read(_folder.Path).Should().BeEquivalentTo(older);
        File.WriteAllText(_folder.File("processor_config.json"), """{"image_processor": null}""");
        ImageProcessorConfig.Read(_folder.Path).Should().BeEquivalentTo(older);
        File.WriteAllText(_folder.File("processor_config.json"),
            """{"image_processor": {"size": {"shortest_edge": 784, "longest_edge": 7840}, "rescale_factor": 0.5}}""");
        var newer = ImageProcessorConfig.Read(_folder.Path);
        (newer.MinPixels, newer.MaxPixels, newer.RescaleFactor).Should().Be((784L, 7840L, 0.5));
        File.WriteAllText(_folder.File("processor_config.json"), """{"image_processor": "Qwen2VLImageProcessor"}""");
        FluentActions.Invoking(() => ImageProcessorConfig.Read(_folder.Path)).Should().Throw<InvalidDataException>()
            .WithMessage("*processor_config.json': image_processor is \"Qwen2*expected an object.");
    }

    [Fact]
    public void Settings_made_in_code_have_the_same_bounds()
        => FluentActions.Invoking(() => new QwenImageProcessor(new ImageProcessorConfig { Std = [1, 1, double.NaN] })).Should()
            .Throw<ArgumentException>().WithMessage("image_std is [[]1, 1, NaN], *".Replace("[[]", "[", StringComparison.Ordinal));

    [Theory]
    [InlineData(1, 1, 28, 1L << 62, long.MaxValue)]
    [InlineData(2_000_000_000, 2_000_000_000, 4096, 1, long.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue, 28, 1, long.MaxValue)]
    public void A_size_that_32_bits_do_not_hold_is_an_error_or_a_size_and_never_negative(int height, int width, int factor, long least,
        long most)
    {
        try
        {
            var (h, w) = SmartResize.Of(height, width, factor, least, most);
            (h > 0 && w > 0 && h % factor == 0 && w % factor == 0).Should().BeTrue();
        }
        catch (ArgumentException e)
        {
            e.Message.Should().StartWith("Expected sides of at most 2147483647 pixels, got ");
        }
    }

    [Fact]
    public void Whatever_the_limits_a_size_is_made_of_whole_tokens_within_them()
        => Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 4000], Gen.Int[1, 64], Gen.Long[1, 1 << 24], Gen.Long[1, int.MaxValue])
            .Sample((height, width, factor, least, most) =>
        {
            if (Math.Max(height, width) > 200L * Math.Min(height, width)) return;
            (least, most) = (Math.Min(least, most), Math.Max(Math.Max(least, most), (long)factor * factor));
            var (h, w) = SmartResize.Of(height, width, factor, least, most);
            (h % factor, w % factor).Should().Be((0, 0));
            (Math.Min(h, w) >= 0).Should().BeTrue();
        }, iter: 2000);

    private void Edit(string file, string key, string value)
    {
        const string Place = "9876543210123";
        var root = JsonNode.Parse(File.ReadAllText(_folder.File(file)))!;
        root[key] = long.Parse(Place, System.Globalization.CultureInfo.InvariantCulture);
        File.WriteAllText(_folder.File(file), root.ToJsonString().Replace(Place, value, StringComparison.Ordinal));
    }
}
