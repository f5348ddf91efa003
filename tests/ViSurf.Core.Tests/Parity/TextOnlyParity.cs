using System.Text.Json;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>
/// <c>qwen2</c> and <c>qwen3</c> against transformers' outputs of the vision-language models on prompts without pictures: their decoders are
/// those families', and so are the numbers.
/// </summary>
public sealed class TextOnlyParity : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    /// <summary>Source directory, family of its decoder, case without pictures.</summary>
    public static TheoryData<string, string, int> Cases()
    {
        var cases = new TheoryData<string, string, int>();
        foreach (var (source, family) in new[] { ("qwen2_vl", "qwen2"), ("qwen2_5_vl", "qwen2"), ("qwen3_vl", "qwen3") })
            foreach (var directory in Fixtures.ModelDirectories(source).Where(Golden.Exists))
            {
                using var json = Fixtures.Json(Golden.DirectoryOf(directory), "golden.json");
                var all = json.RootElement.GetProperty("cases").EnumerateArray().Select((c, i) => (Images: c.GetProperty("images").GetArrayLength(), Index: i));
                foreach (var (_, index) in all.Where(c => c.Images == 0)) cases.Add(directory, family, index);
            }
        return cases;
    }

    [Fact]
    public void There_are_cases() => Cases().Select(c => c[1]).Distinct().Should().BeEquivalentTo(["qwen2", "qwen3"]);

    [Theory, MemberData(nameof(Cases))]
    public void Prompts_log_probabilities_gradients_and_greedy_ids_agree(string directory, string family, int index)
    {
        using var folder = Families.TextOnly(directory, family);
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        using var json = Fixtures.Json(Golden.DirectoryOf(directory), "golden.json");
        var expected = json.RootElement.GetProperty("cases")[index];
        using var policy = AsReference(folder.Path, directory);
        policy.Config.ModelType.Should().Be(family);
        policy.Config.Vision.Should().BeNull();

        var rope = RopeIndex.Of(golden.Prompt, policy.Config);
        var positions = golden.Longs("position_ids");
        rope.Time.Should().Equal(positions[..golden.PromptIds.Length]);
        rope.Next.Should().Be(positions[golden.PromptIds.Length]);

        using var scores = policy.Score(golden.Sequence);
        var logProbs = golden.Floats("answer_logprobs");
        scores.LogProbs.data<float>().ToArray().Should().HaveCount(logProbs.Length).And.Equal(logProbs, (a, b) => Math.Abs(a - b) < 1e-3f);

        var loss = -scores.LogProbs.mean();
        loss.backward();
        loss.item<float>().Should().BeApproximately(expected.GetProperty("nll_mean").GetSingle(), 1e-3f);
        Gradients(policy, expected);

        var greedy = golden.Longs("greedy_ids");
        Greedy.WithCache(policy, golden.Prompts, greedy.Length).Should().Equal(greedy);
        Greedy.WithoutCache(policy, golden.Prompt, greedy.Length).Should().Equal(greedy);
    }

    public void Dispose() => _scope.Dispose();

    private static void Gradients(QwenVlPolicy policy, JsonElement expected)
    {
        var weights = policy.Weights().ToDictionary(w => w.Name, w => w.Value);
        var norms = expected.GetProperty("grad_norms").EnumerateObject().Where(n => !n.Name.Contains("visual.", StringComparison.Ordinal)).ToArray();
        norms.Should().HaveCount(weights.Count, "each of the decoder's tensors has one");
        foreach (var norm in norms)
        {
            var (actual, reference) = (weights[norm.Name.Replace("language_model.", "", StringComparison.Ordinal)].grad!.norm().item<float>(), norm.Value.GetSingle());
            Math.Abs(actual - reference).Should().BeLessThanOrEqualTo(1e-2f * reference + 1e-5f, "{0}: {1} against {2}", norm.Name, actual, reference);
        }
    }

    private static QwenVlPolicy AsReference(string path, string source)
    {
        using var reference = ReferencePolicy.Load(source);
        var config = QwenVlConfigReader.Read(path);
        return QwenVlPolicy.Load(path, config with { Text = config.Text with { RoundedRopeFrequencies = reference.Config.Text.RoundedRopeFrequencies } }, new QwenVlOptions { Device = TestDevice.Value });
    }
}
