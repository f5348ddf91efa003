using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>The architecture that a parity class is about.</summary>
public interface IArchitecture
{
    /// <summary><c>model_type</c> of config.json.</summary>
    static abstract string ModelType { get; }
}

/// <summary>Every directory of one architecture under the fixture root against transformers' outputs, in float32.</summary>
/// <typeparam name="TArchitecture">Which architecture.</typeparam>
public abstract class ModelParity<TArchitecture> : IDisposable
    where TArchitecture : IArchitecture
{
    private static readonly Dictionary<string, QwenVlPolicy> Loaded = [];
    private readonly IDisposable _scope = NewDisposeScope();

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var directory in Fixtures.ModelDirectories(TArchitecture.ModelType).Where(d => Golden.Exists(d)))
            for (var i = 0; i < Golden.CaseCount(directory); i++) cases.Add(directory, i);
        return cases;
    }

    [Fact]
    public void There_are_cases() => Cases().Count.Should().BePositive();

    [Theory, MemberData(nameof(Cases))]
    public void Rope_indices_are_exact(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        var rope = RopeIndex.Of(golden.Prompt, Policy(directory).Config);
        var expected = golden.Longs("position_ids");
        var (length, prompt) = (expected.Length / 3, golden.PromptIds.Length);
        rope.Time.Should().Equal(expected[..prompt]);
        rope.Height.Should().Equal(expected[length..(length + prompt)]);
        rope.Width.Should().Equal(expected[(2 * length)..(2 * length + prompt)]);
        rope.Next.Should().Be(expected[prompt], "the answer continues there");
        rope.Delta.Should().Be(golden.Longs("rope_delta")[0]);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Vision_features_agree_to_1e_3_relative(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        if (!golden.Has("vision_embeds")) return;
        using var noGrad = no_grad();
        var expected = golden.Tensor("vision_embeds");
        var actual = Policy(directory).Vision(golden.Prompt.Pixels!, golden.Prompt.Grids);
        ((actual - expected).norm() / expected.norm()).item<float>().Should().BeLessThan(1e-3f);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Answer_log_probabilities_agree_to_1e_3(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        using var noGrad = no_grad();
        using var scores = Policy(directory).Score(golden.Sequence);
        var expected = golden.Floats("answer_logprobs");
        scores.LogProbs.data<float>().ToArray().Should().HaveCount(expected.Length)
            .And.Equal(expected, (a, b) => Math.Abs(a - b) < 1e-3f);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Answer_logits_agree_to_2e_3_when_teacher_forced_through_the_cache(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        if (!golden.Has("answer_logits")) return;
        var expected = golden.Tensor("answer_logits");
        using var session = Policy(directory).Decode(golden.Prompts, 1, golden.AnswerIds.Length);
        for (var t = 0; t < golden.AnswerIds.Length; t++)
        {
            using var token = t == 0 ? null : tensor(new long[] { golden.AnswerIds[t - 1] });
            using var logits = session.Next(token);
            (logits[0] - expected[t]).abs().max().item<float>().Should().BeLessThan(2e-3f, "token {0}", t);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradient_norms_agree_to_1e_2_relative(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        using var json = Fixtures.Json(Golden.DirectoryOf(directory), "golden.json");
        var expected = json.RootElement.GetProperty("cases")[index];
        var policy = Policy(directory);
        policy.Module.zero_grad();
        using var scores = policy.Score(golden.Sequence);
        var loss = -scores.LogProbs.mean();
        loss.backward();
        loss.item<float>().Should().BeApproximately(expected.GetProperty("nll_mean").GetSingle(), 1e-3f);
        var weights = policy.Weights().ToDictionary(w => w.Name, w => w.Value);
        var norms = expected.GetProperty("grad_norms").EnumerateObject().ToArray();
        norms.Should().NotBeEmpty();
        foreach (var norm in norms)
        {
            var name = QwenFamilies.Of(policy.Config).Names.Canonical(norm.Name, policy.Config.TiedHead) ?? norm.Name;
            weights.Should().ContainKey(name);
            var actual = weights[name].grad is { } grad ? grad.norm().item<float>() : 0f;
            var reference = norm.Value.ValueKind == System.Text.Json.JsonValueKind.Null ? 0f : norm.Value.GetSingle();
            Math.Abs(actual - reference).Should().BeLessThanOrEqualTo(1e-2f * Math.Abs(reference) + 1e-5f, "{0}: {1} against {2}", name, actual, reference);
        }
        policy.Module.zero_grad();
    }

    [Theory, MemberData(nameof(Cases))]
    public void Greedy_continuations_are_exact_with_cache_and_without(string directory, int index)
    {
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), index);
        var expected = golden.Longs("greedy_ids");
        var policy = Policy(directory);
        Greedy.WithCache(policy, golden.Prompts, expected.Length).Should().Equal(expected);
        Greedy.WithoutCache(policy, golden.Prompt, expected.Length).Should().Equal(expected);
    }

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }

    private static QwenVlPolicy Policy(string directory)
        => Loaded.TryGetValue(directory, out var policy) ? policy : Loaded[directory] = ReferencePolicy.Load(directory);
}
