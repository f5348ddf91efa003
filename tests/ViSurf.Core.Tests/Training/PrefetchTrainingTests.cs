using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class PrefetchTrainingTests
{
    [CpuFact("a GPU adds the parts of a gradient in any order")]
    public void Steps_with_prompts_made_ahead_move_every_weight_as_steps_without_bit_by_bit()
    {
        var (plain, plainIds) = Train(prefetch: false);
        var (ahead, aheadIds) = Train(prefetch: true);
        aheadIds.Should().Equal(plainIds);
        ahead.Should().Equal(plain);
    }

    [Fact]
    public void A_label_is_written_as_its_source_says()
    {
        var injector = new DemonstrationInjector(TinyText.Encoder);
        var example = TinyText.Example("a", "2 + 2?", "4");
        injector.Demonstration(example)!.Text.Should().Be("<answer>4</answer>");
        injector.Demonstration(example with { LabelFormat = new LabelFormat { Prefix = "\\boxed{", Suffix = "}" } })!.Text.Should().Be("\\boxed{4}");
    }

    private static (double[] Weights, string[] Ids) Train(bool prefetch)
    {
        var checkpoint = Fixtures.PathOf("qwen2_5_vl");
        using var policy = QwenVlPolicy.Load(checkpoint, TestDevice.Value);
        using var optimizer = Toy.Optimizer(policy, 1e-3);
        var encoder = QwenPromptEncoder.Load(checkpoint);
        var source = ParquetSource.Open(Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", "visurf.parquet"));
        var stream = new ShuffledStream(source, 3).Select(encoder.InModelFrame);
        using var ahead = prefetch ? new PrefetchingStream(stream, encoder, new PrefetchOptions { Examples = 3 }) : null;
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var suite = Toy.Suite("boxes", (_, text) => text.Contains("bbox_2d", StringComparison.Ordinal) ? 1 : 0);
        var trainer = new Trainer(
            TrainerParts.ViSurf((IPromptEncoder?)ahead?.Encoder ?? encoder, policy, sampler, suite, optimizer),
            Toy.Options with { GroupSize = 2, MaxNewTokens = 4, MaxPromptTokens = 4000 });
        var ids = new List<string>();
        for (var step = 0; step < 4; step++)
        {
            var batch = (ahead ?? stream).Next(2);
            ids.AddRange(batch.Select(e => e.Id));
            trainer.Step(batch);
        }
        return (Toy.Weights(policy), [.. ids]);
    }
}
