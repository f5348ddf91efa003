using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

/// <summary>Small files are read in one way: what is no file is refused at once, and what is not clean text too.</summary>
public sealed class BoundedFileTests : IDisposable
{
    private static readonly string[] PromptFiles =
        ["config.json", "generation_config.json", "chat_template.jinja", "chat_template.json", "tokenizer_config.json",
            "preprocessor_config.json", "processor_config.json"];

    private static readonly string[] WeightFiles = ["config.json", "model.safetensors", "model.safetensors.index.json"];

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Kinds => [.. SpecialFiles.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_file_is_neither_waited_for_nor_taken_for_a_missing_one(string kind)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (var name in PromptFiles) Refused(kind, name, directory => QwenPromptEncoder.Load(directory));
        foreach (var name in WeightFiles) Refused(kind, name, directory => QwenVlPolicy.Load(directory, TestDevice.Value).Dispose());
    }

    [Theory]
    [InlineData("named pipe", "a named pipe")]
    [InlineData("device", "a device")]
    [InlineData("socket", "a socket")]
    public void A_picture_that_is_a_pipe_or_a_device_is_refused(string kind, string said)
    {
        if (!OperatingSystem.IsLinux()) return;
        SpecialFiles.Put(kind, _folder.File("a.png"));
        var picture = ImageSource.FromFile(_folder.File("a.png"));
        foreach (var read in new Action[] { () => picture.ReadAllBytes(), () => PictureSize.Of(picture),
            () => SafeTensorsReader.Open(picture.Path!).Dispose() })
            FluentActions.Invoking(() => SpecialFiles.Quickly(read)).Should().Throw<InvalidDataException>()
                .WithMessage($"Expected a file at '{picture.Path}', got {said}, *");
    }

    [Theory]
    [InlineData("{\"a\": 1, \"a\": 2}", "*Expected JSON in*got a key twice in one object ('a').*")]
    [InlineData("{\"a\": 1, \"\\u0061\": 2}", "*a key twice in one object ('a').*")]
    [InlineData("{\"a\": 1,\n}", "*something else at line 2, byte 1.*")]
    [InlineData("{\"\\ud800\": 1}", "*half of a surrogate pair.*")]
    [InlineData("{\"a\": \"\\uDC00x\"}", "*half of a surrogate pair.*")]
    [InlineData("", "*something else at line 1, byte 1.*")]
    public void What_is_not_clean_JSON_is_refused_with_its_place(string text, string message)
    {
        File.WriteAllText(_folder.File("a.json"), text);
        FluentActions.Invoking(() => BoundedFile.Json(_folder.File("a.json"))).Should().Throw<InvalidDataException>().WithMessage(message)
            .Which.Message.Should().Contain("a.json'");
    }

    [Fact]
    public void Sixty_five_lists_in_one_another_are_too_deep()
    {
        File.WriteAllText(_folder.File("a.json"), new string('[', 65) + new string(']', 65));
        FluentActions.Invoking(() => BoundedFile.Json(_folder.File("a.json"))).Should().Throw<InvalidDataException>()
            .WithMessage("*nested deeper than 64 at line 1, byte 65.*");
        File.WriteAllText(_folder.File("a.json"), new string('[', 64) + new string(']', 64));
        BoundedFile.Json(_folder.File("a.json")).Dispose();
    }

    [Fact]
    public void A_byte_order_mark_is_skipped_and_what_is_not_UTF8_refused()
    {
        File.WriteAllBytes(_folder.File("a"), [0xEF, 0xBB, 0xBF, .. "{\"é\": 1}"u8]);
        BoundedFile.Text(_folder.File("a")).Should().Be("{\"é\": 1}");
        using (var json = BoundedFile.Json(_folder.File("a"))) json.RootElement.GetProperty("é").GetInt32().Should().Be(1);
        File.WriteAllBytes(_folder.File("a"), [.. "{\"a\": \""u8, 0xE9, .. "\"}"u8]);
        foreach (var read in new Action[] { () => BoundedFile.Text(_folder.File("a")), () => BoundedFile.Json(_folder.File("a")) })
            read.Should().Throw<InvalidDataException>().WithMessage("Expected text in UTF-8 in '*");
    }

    [Fact]
    public void One_byte_above_the_limit_is_too_much()
    {
        File.WriteAllBytes(_folder.File("a"), new byte[1 << 20]);
        BoundedFile.Read(_folder.File("a"), 1 << 20).Should().HaveCount(1 << 20);
        File.WriteAllBytes(_folder.File("a"), new byte[(1 << 20) + 1]);
        FluentActions.Invoking(() => BoundedFile.Read(_folder.File("a"), 1 << 20)).Should().Throw<InvalidDataException>()
            .WithMessage("Expected at most 1 MiB in '*");
    }

    /// <summary>Links lead out of the directory, or to nothing; everything else is named for what it is.</summary>
    private static void Refused(string kind, string name, Action<string> load)
    {
        using var model = TemporaryDirectory.CopyOf("qwen2_5_vl");
        if (name.EndsWith("index.json", StringComparison.Ordinal)) File.Delete(model.File("model.safetensors"));
        if (name == "processor_config.json") File.Delete(model.File("preprocessor_config.json"));
        if (name == "chat_template.json" || name == "tokenizer_config.json") File.Delete(model.File("chat_template.jinja"));
        SpecialFiles.Put(kind, model.File(name));
        FluentActions.Invoking(() => SpecialFiles.Quickly(() => load(model.Path))).Should().Throw<InvalidDataException>(name)
            .WithMessage(kind switch { "device" => $"*{name}' is a link to '/dev/zero', outside*",
                "link to nothing" => $"*{name}' is a link to *, where there is no file*", _ => $"*{name}', got a {kind}, *" });
    }
}
