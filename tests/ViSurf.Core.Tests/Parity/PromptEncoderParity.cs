using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>From picture files and a question to token ids and pixel patches, for every case of every checkpoint directory.</summary>
public sealed class PromptEncoderParity : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var some in new[] { Qwen2VlParity.Cases(), Qwen25VlParity.Cases(), Qwen3VlParity.Cases() })
            foreach (var row in some) cases.Add((string)row[0], (int)row[1]);
        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Prompts_are_exact(string directory, int index)
    {
        var golden = Golden.DirectoryOf(directory);
        using var expected = new GoldenCase(golden, index);
        using var json = Fixtures.Json(golden, "golden.json");
        var data = json.RootElement.GetProperty("cases")[index];
        var images = data.GetProperty("images").EnumerateArray().Select(i => ImageSource.FromFile(Fixtures.PathOf(i.GetString()!.Split('/')))).ToArray();
        var example = VisionExample.Ask("golden", data.GetProperty("question").GetString()!, null, images);
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf(directory));

        encoder.Render(example).Should().Be(data.GetProperty("prompt_text").GetString());
        using var prompt = encoder.Encode(example);
        prompt.TokenIds.Should().Equal(expected.PromptIds);
        prompt.Grids.Should().Equal(expected.Prompt.Grids);
        if (images.Length > 0) (prompt.Pixels! - expected.Prompt.Pixels!).abs().max().item<float>().Should().BeLessThan(1e-6f);
        encoder.StopIds.Should().Contain(encoder.Tokenizer.Id("<|im_end|>"));
    }

    public void Dispose() => _scope.Dispose();
}
