using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>
/// Head and embedding: one matrix or two, whatever config.json says. Numbers against transformers are in StoredHeadParity.
/// </summary>
public sealed class StoredHeadTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryDirectory _saved = new();

    [Theory, MemberData(nameof(Families.All), MemberType = typeof(Families))]
    public void A_stored_head_is_kept_where_it_differs_and_tied_where_it_is_the_embedding_in_every_family(string family)
    {
        foreach (var change in new[] { 0.0, 0.5 })
        {
            using var checkpoint = Tied(family, embedding => embedding.Plus(change));
            using var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value);
            policy.Config.TiedHead.Should().Be(change == 0);
            using var opened = CheckpointReader.Open(checkpoint.Path);
            QwenVlConfigReader.Read(checkpoint.Path, opened).TiedHead.Should().Be(change == 0);
            Difference(policy).Should().Be(change == 0 ? null : 0.5f);

            policy.Save(_saved.File($"{change}"));
            Tie(_saved.File($"{change}")).Should().Be(change == 0);
            using var again = QwenVlPolicy.Load(_saved.File($"{change}"), TestDevice.Value);
            Difference(again).Should().Be(change == 0 ? null : 0.5f);
        }
    }

    [Fact]
    public void A_tied_matrix_that_is_stored_as_the_head_alone_is_the_embedding()
    {
        using var checkpoint = Tied("qwen2_5_vl", embedding => embedding.Plus(0.5), withEmbedding: false);
        using var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value);
        policy.Config.TiedHead.Should().BeTrue();
        using var plain = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
        (Matrix(policy, "embed_tokens")! - Matrix(plain, "embed_tokens")!).max().item<float>().Should().BeApproximately(0.5f, 1e-6f);
    }

    [Fact]
    public void A_head_of_another_shape_is_an_error_that_names_it()
    {
        using var checkpoint = Tied("qwen2_5_vl", embedding => embedding.narrow(0, 0, 10));
        var load = () => QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value).Dispose();
        load.Should().Throw<InvalidDataException>().WithMessage("*mis-shaped 'lm_head.weight'*");
    }

    [Fact]
    public void Weights_with_a_head_of_their_own_are_no_checkpoint_of_a_policy_whose_head_is_its_embedding()
    {
        using var checkpoint = Tied("qwen2_5_vl", embedding => embedding.Plus(0.5));
        using var tied = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        var before = Matrix(tied, "embed_tokens")!.clone();
        var load = () => tied.LoadWeights(checkpoint.Path);
        load.Should().Throw<InvalidDataException>().WithMessage("*head of their own (lm_head.weight*OwnHead*");
        Same(Matrix(tied, "embed_tokens")!, before).Should().BeTrue();

        using var own = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value);
        own.LoadWeights(checkpoint.Path);
        Difference(own).Should().Be(0.5f);
    }

    [Fact]
    public void A_policy_that_is_given_a_head_computes_the_same_trains_it_alone_and_is_saved_with_it()
    {
        using var golden = new GoldenCase("qwen2_5_vl_tied", 0);
        using var tied = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        using var own = QwenVlPolicy.FromDirectory(Fixtures.PathOf("qwen2_5_vl_tied"), new QwenVlOptions { Device = TestDevice.Value, OwnHead = true });
        Same(own.Score(golden.Sequence).LogProbs, tied.Score(golden.Sequence).LogProbs).Should().BeTrue();
        using (no_grad()) Matrix(own, "lm_head")!.PlusInPlace(0.25);
        own.Save(_saved.File("own"));
        Tie(_saved.File("own")).Should().BeFalse();
        using var again = QwenVlPolicy.Load(_saved.File("own"), TestDevice.Value);
        Difference(again).Should().Be(0.25f);
    }

    [Theory]
    [InlineData("lm_head", null)]
    [InlineData("q_proj", "lm_head")]
    [InlineData("q_proj", "embed_tokens")]
    public void Adapting_one_of_two_tied_matrices_is_refused_and_the_advice_leads_to_a_head_that_stays(string target, string? save)
    {
        var config = new LoraConfig { TargetModules = ModuleSelection.Named(target), ModulesToSave = save is null ? [] : [save] };
        using (var tied = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value))
        {
            var attach = () => LoraAdapter.Attach(tied, config);
            attach.Should().Throw<ArgumentException>().WithMessage($"*{save ?? target}'*tie_word_embeddings*QwenVlOptions.OwnHead*");
        }

        using var own = QwenVlPolicy.FromDirectory(Fixtures.PathOf("qwen2_5_vl_tied"), new QwenVlOptions { Device = TestDevice.Value, OwnHead = true });
        using var golden = new GoldenCase("qwen2_5_vl_tied", 0);
        using var adapter = LoraAdapter.Attach(own, config);
        using var noGrad = no_grad();
        foreach (var (_, parameter) in adapter.Parameters) parameter.PlusInPlace(0.01);
        var adapted = own.Score(golden.Sequence).LogProbs;
        adapter.Merge();
        own.Save(_saved.File("merged"));
        using var merged = QwenVlPolicy.Load(_saved.File("merged"), TestDevice.Value);
        (merged.Score(golden.Sequence).LogProbs - adapted).abs().max().item<float>().Should().BeLessThan(1e-4f);
        merged.Config.TiedHead.Should().BeFalse();
    }

    [Theory]
    [InlineData("""{"tie_word_embeddings":true}""", """{"tie_word_embeddings":false}""")]
    [InlineData("""{"text_config":{"tie_word_embeddings":true}}""",
        """{"text_config":{"tie_word_embeddings":false},"tie_word_embeddings":false}""")]
    [InlineData("""{"tie_word_embeddings":true,"text_config":{"a":1}}""",
        """{"tie_word_embeddings":false,"text_config":{"a":1,"tie_word_embeddings":false}}""")]
    [InlineData("""{ "tie_word_embeddings":  false }""", """{ "tie_word_embeddings":  false }""")]
    [InlineData("""{ "a":  1 }""", """{ "a":  1 }""")]
    public void A_configuration_that_ties_says_false_wherever_a_version_of_transformers_reads_it(string config, string expected)
    {
        var written = System.Text.Encoding.UTF8.GetString(ConfigTie.Untie(System.Text.Encoding.UTF8.GetBytes(config)));
        if (written != expected) JsonNode.DeepEquals(JsonNode.Parse(written), JsonNode.Parse(expected)).Should().BeTrue(written);
    }

    public void Dispose()
    {
        _saved.Dispose();
        _scope.Dispose();
    }

    /// <summary>A family's checkpoint whose config.json says that the head is the embedding, with a head stored all the same.</summary>
    private static TemporaryDirectory Tied(string family, Func<Tensor, Tensor> head, bool withEmbedding = true)
    {
        var checkpoint = Families.Checkpoint(family);
        using (var policy = QwenVlPolicy.Load(checkpoint.Path, TestDevice.Value))
        {
            foreach (var old in Directory.GetFiles(checkpoint.Path, "*.safetensors*")) File.Delete(old);
            CheckpointWriter.Write(checkpoint.Path, [.. policy.Weights()
                .Where(w => w.Name != "lm_head.weight" && (withEmbedding || !w.Name.Contains("embed_tokens", StringComparison.Ordinal))),
                ("lm_head.weight", head(Matrix(policy, "embed_tokens")!).contiguous())]);
        }
        var config = JsonNode.Parse(File.ReadAllText(checkpoint.File("config.json")))!.AsObject();
        config["tie_word_embeddings"] = true;
        File.Delete(checkpoint.File("config.json"));
        File.WriteAllText(checkpoint.File("config.json"), config.ToJsonString());
        return checkpoint;
    }

    private static bool Same(Tensor first, Tensor second) => first.eq(second).all().item<bool>();

    private static bool? Tie(string directory)
        => JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!["tie_word_embeddings"]?.GetValue<bool>();

    private static Tensor? Matrix(QwenVlPolicy policy, string name)
        => policy.Weights().FirstOrDefault(w => w.Name.Contains(name, StringComparison.Ordinal)).Value?.detach();

    /// <summary>How much the head is above the embedding, to float32's rounding; null where there is one matrix.</summary>
    private static float? Difference(QwenVlPolicy policy)
        => Matrix(policy, "lm_head") is { } head ? MathF.Round((head - Matrix(policy, "embed_tokens")!).mean().item<float>(), 4) : null;
}
