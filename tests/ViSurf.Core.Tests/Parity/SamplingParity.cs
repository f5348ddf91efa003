using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>The sampling distribution against Hugging Face's logits processors.</summary>
public sealed class SamplingParity
{
    public static TheoryData<int, string> Cases()
    {
        using var json = Fixtures.Json("rewards.json");
        var data = new TheoryData<int, string>();
        var cases = json.RootElement.GetProperty("sampling").GetProperty("cases");
        for (var i = 0; i < cases.GetArrayLength(); i++) data.Add(i, cases[i].GetProperty("options").GetRawText());
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Filtered_probabilities_are_those_of_Hugging_Face(int index, string options)
    {
        using var scope = NewDisposeScope();
        using var json = Fixtures.Json("rewards.json");
        var sampling = json.RootElement.GetProperty("sampling");
        var test = sampling.GetProperty("cases")[index];
        var selector = new TokenSelector(Options(test.GetProperty("options")));
        var logits = TinyTensors.Table(sampling.GetProperty("logits")).to(ScalarType.Float32);
        var previous = TinyTensors.Table(sampling.GetProperty("previous_ids")).to(ScalarType.Int64);

        var probabilities = selector.Probabilities(logits, TokenSelector.Seen(previous, null, logits.shape[1])).Values();

        var expected = TinyTensors.Table(test.GetProperty("probabilities")).Values();
        probabilities.Length.Should().Be(expected.Length);
        for (var i = 0; i < expected.Length; i++) probabilities[i].Should().BeApproximately(expected[i], 1e-6, "element {0} with {1}", i, options);
    }

    private static SamplingOptions Options(JsonElement options)
    {
        var result = new SamplingOptions();
        foreach (var option in options.EnumerateObject())
        {
            result = option.Name switch
            {
                "temperature" => result with { Temperature = option.Value.GetDouble() },
                "top_k" => result with { TopK = option.Value.GetInt32() },
                "top_p" => result with { TopP = option.Value.GetDouble() },
                "min_p" => result with { MinP = option.Value.GetDouble() },
                "repetition_penalty" => result with { RepetitionPenalty = option.Value.GetDouble() },
                "suppress_tokens" => result with { SuppressedIds = [.. option.Value.EnumerateArray().Select(id => id.GetInt32())] },
                var other => throw new InvalidDataException($"Expected a sampling option that is mapped here, got '{other}'."),
            };
        }
        return result;
    }
}
