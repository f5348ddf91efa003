using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>What holds for every family (their numbers are held by the parity tests).</summary>
[Collection(Alone.Name)]
public sealed class FamilyTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> All => Families.All;

    public static TheoryData<string> WithPictures => Families.WithPictures;

    [Theory, MemberData(nameof(All))]
    public void Loading_saving_and_loading_keeps_every_bit_under_the_published_names(string family)
    {
        using var source = Families.Checkpoint(family);
        using var folder = new TemporaryDirectory();
        using (var policy = QwenVlPolicy.FromDirectory(source.Path, new QwenVlOptions { Device = TestDevice.Value, Type = ScalarType.BFloat16 })) policy.Save(folder.Path);
        using var original = CheckpointReader.Open(source.Path);
        using var written = CheckpointReader.Open(folder.Path);
        using var again = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value, Type = ScalarType.BFloat16 });
        var weights = again.Weights().ToDictionary(w => w.Name, w => w.Value);
        // transformers 5 saves all families in its own spelling; Qwen3-VL and the text-only ones are published in it.
        string Published(string name) => family is not ("qwen2_vl" or "qwen2_5_vl") ? name
            : name.Replace("model.visual.", "visual.", StringComparison.Ordinal).Replace("model.language_model.", "model.", StringComparison.Ordinal);
        written.Names.Should().BeEquivalentTo(original.Names.Select(Published));
        foreach (var name in original.Names)
        {
            var expected = empty(original.Entry(name).Shape.ToArray(), ScalarType.BFloat16);
            original.ReadInto(name, expected);
            weights[Published(name)].eq(expected).all().item<bool>().Should().BeTrue(name);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Both_spellings_of_the_tensor_names_are_read(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        string Older(string name) => name.Replace("model.visual.", "visual.", StringComparison.Ordinal).Replace("model.language_model.", "model.", StringComparison.Ordinal);
        string Newer(string name) => name.StartsWith("visual.", StringComparison.Ordinal) ? "model." + name
            : name.StartsWith("model.", StringComparison.Ordinal) ? "model.language_model." + name["model.".Length..] : name;
        foreach (var spelling in new Func<string, string>[] { Older, name => Newer(Older(name)) })
        {
            foreach (var file in Directory.GetFiles(folder.Path, "*.safetensors*")) File.Delete(file);
            CheckpointWriter.Write(folder.Path, [.. policy.Weights().Select(w => (spelling(w.Name), w.Value))]);
            using var again = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
            again.Weights().Zip(policy.Weights()).Should().OnlyContain(p => p.First.Name == p.Second.Name && p.First.Value.eq(p.Second.Value).all().item<bool>());
        }
    }

    [Theory, MemberData(nameof(All))]
    public void A_group_shares_its_prompt_and_scores_and_trains_as_if_every_row_had_its_own(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        using var a = Case(family, pictures: true);
        using var b = Case(family, pictures: false);
        // Two groups in one batch, one with pictures where the family reads them; three completions each, of unequal lengths.
        (EncodedPrompt Prompt, int[] Answer)[] rows =
            [(a.Prompt, a.AnswerIds), (b.Prompt, a.AnswerIds), (a.Prompt, b.AnswerIds), (a.Prompt, b.AnswerIds[..1]), (b.Prompt, b.AnswerIds), (b.Prompt, a.AnswerIds[..2])];
        using var shared = Collator.Prompts([a.Prompt, b.Prompt]);
        using var replicated = Collator.Prompts([.. rows.Select(r => r.Prompt)]);
        using var native = Collator.Sequences(shared, [.. rows.Select(r => (ReferenceEquals(r.Prompt, a.Prompt) ? 0 : 1, r.Answer))]);
        using var each = Collator.Sequences(replicated, [.. rows.Select((r, i) => (i, r.Answer))]);

        var (values, gradients) = Train(policy, native);
        var (expected, reference) = Train(policy, each);
        (values - expected).abs().max().item<float>().Should().BeLessThan(Tolerance.Of(1e-5f));
        foreach (var (name, gradient) in reference)
            ((gradients[name] - gradient).norm().item<float>()).Should().BeLessThan(Tolerance.Of(1e-5f) * gradient.norm().item<float>() + 1e-7f, name);
    }

    [Theory, MemberData(nameof(All))]
    public void Bfloat16_logits_are_within_2_percent_of_float32(string family)
    {   // A rounding is 2⁻⁹ = 0.2 %; the golden models' weights are large, and four layers of them make nearly ten of it.
        using var folder = Families.Checkpoint(family);
        using var golden = Case(family, pictures: true);
        using var wide = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        using var narrow = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value, Type = ScalarType.BFloat16 });
        var expected = Forced.Logits(wide, golden);
        ((Forced.Logits(narrow, golden) - expected).norm() / expected.norm()).item<float>().Should().BeLessThan(0.02f);
        using var noGrad = no_grad();
        narrow.Score(golden.Sequence).LogProbs.dtype.Should().Be(ScalarType.Float32);
    }

    [Theory, MemberData(nameof(All))]
    public void Fresh_weights_are_normal_with_ones_in_norms_and_zeros_in_biases(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.Initialize(folder.Path, seed: 4, TestDevice.Value);
        using var again = QwenVlPolicy.Initialize(folder.Path, seed: 4, TestDevice.Value);
        foreach (var ((name, value), (_, same)) in policy.Weights().Zip(again.Weights()))
        {
            value.eq(same).all().item<bool>().Should().BeTrue("same seed, same weights: {0}", name);
            if (name.EndsWith(".bias", StringComparison.Ordinal)) value.abs().max().item<float>().Should().Be(0, name);
            else if (name.Contains("norm", StringComparison.Ordinal) || name.Contains("ln_q", StringComparison.Ordinal)) value.eq(Scalars.Of(1)).all().item<bool>().Should().BeTrue(name);
            else value.std().item<float>().Should().BeInRange(0.018f, 0.022f, name);
        }
        using var golden = Case(family, pictures: true);
        using var noGrad = no_grad();
        // Small weights after a final norm: near-uniform over 1536 tokens, −ln 1536 = −7.34.
        policy.Score(golden.Sequence).LogProbs.mean().item<float>().Should().BeApproximately(-7.34f, 0.3f);
    }

    [Theory, MemberData(nameof(All))]
    public void Scoring_and_decoding_leave_no_tensor_behind(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        using var golden = Case(family, pictures: true);
        void Work()
        {
            using var scope = NewDisposeScope();
            using var scores = policy.Score(golden.Sequence);
            scores.LogProbs.sum().backward();
            policy.Module.zero_grad();
            if (golden.Prompt.Pixels is { } pixels) policy.Vision(pixels, golden.Prompt.Grids).Dispose();
            using var session = policy.Decode(golden.Prompts, 3, 4);
            session.Next(null);
            session.Keep([0, 2]);
            session.Next(tensor(new long[] { 1, 2 }));
        }
        Work();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 3; i++) Work();
        Tensor.TotalCount.Should().Be(before);
    }

    [Theory, InlineData("qwen2"), InlineData("qwen3")]
    public void A_picture_for_a_text_only_model_is_an_error_that_names_the_example(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        using var golden = new GoldenCase(Families.GoldenOf(family), 0);
        var picture = ImageSource.FromFile(Fixtures.PathOf("images", "0.png"));
        var encode = () => QwenPromptEncoder.Load(folder.Path).Encode(VisionExample.Ask("row 7", "What?", null, picture)).Dispose();
        var score = () => policy.Score(golden.Sequence).LogProbs;
        var decode = () => policy.Decode(golden.Prompts, 1, 1).Dispose();
        var vision = () => policy.Vision(golden.Prompt.Pixels!, golden.Prompt.Grids);
        encode.Should().Throw<InvalidDataException>().WithMessage($"*text-only*'{family}'*'row 7'*");
        score.Should().Throw<InvalidDataException>().WithMessage($"*text-only*'{family}'*'case0'*");
        decode.Should().Throw<InvalidDataException>().WithMessage($"*text-only*'{family}'*'case0'*");
        vision.Should().Throw<InvalidOperationException>().WithMessage($"*'{family}'*");
    }

    [Theory, MemberData(nameof(WithPictures))]
    public void The_picture_matters(string family)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(family), TestDevice.Value);
        using var golden = new GoldenCase(family, 0);
        using var grey = new EncodedPrompt(golden.Prompt.Example, golden.PromptIds, golden.Prompt.Grids, zeros_like(golden.Prompt.Pixels!));
        using var prompts = Collator.Prompts([grey]);
        using var batch = Collator.Sequences(prompts, [(0, golden.AnswerIds)]);
        using var noGrad = no_grad();
        (policy.Score(batch).LogProbs - policy.Score(golden.Sequence).LogProbs).abs().max().item<float>().Should().BeGreaterThan(1e-2f);
    }

    [Fact]
    public void Deepstack_features_reach_the_answer()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen3_vl"), TestDevice.Value);
        using var golden = new GoldenCase("qwen3_vl", 0);
        using var noGrad = no_grad();
        using var with = policy.Score(golden.Sequence);
        foreach (var (name, weight) in policy.Weights().Where(w => w.Name.Contains("deepstack_merger_list.1.linear_fc2", StringComparison.Ordinal))) weight.zero_();
        using var without = policy.Score(golden.Sequence);
        (with.LogProbs - without.LogProbs).abs().max().item<float>().Should().BeGreaterThan(1e-3f);
    }

    public void Dispose() => _scope.Dispose();

    private static GoldenCase Case(string family, bool pictures)
    {
        var golden = Families.GoldenOf(family);
        var text = Families.TextCase(golden);
        return new GoldenCase(golden, pictures && golden == family ? Enumerable.Range(0, Golden.CaseCount(golden)).First(i => i != text) : text);
    }

    private static (Tensor Values, Dictionary<string, Tensor> Gradients) Train(QwenVlPolicy policy, SequenceBatch batch)
    {
        policy.Module.zero_grad();
        using var scores = policy.Score(batch);
        scores.LogProbs.sum().backward();
        return (scores.LogProbs.detach().clone(), policy.Weights().Where(w => w.Value.grad is not null).ToDictionary(w => w.Name, w => w.Value.grad!.clone()));
    }
}
