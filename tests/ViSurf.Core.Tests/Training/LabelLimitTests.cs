using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>
/// Labels have a limit in tokens, as rollouts and prompts have. The toy encoder gives every character a token, and the answer its tags and
/// a stop.
/// </summary>
public sealed class LabelLimitTests
{
    // <answer> and </answer> are 17 characters, the stop token one more.
    private const int Around = 18;

    [Fact]
    public void A_label_of_45000_characters_is_a_line_of_the_report_and_ends_the_step_before_anything_is_sampled()
    {
        var row = VisionExample.Ask("long", "?", new TextTarget(new string('a', 45_000))) with { Place = "rows.jsonl:9" };
        var check = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1), _ => new FrameSize(1, 1));
        check.Report(new ListSource([row], "rows")).Problems.Should().ContainSingle().Which.ToString().Should().Be(
            $"rows.jsonl:9 (id 'long'): its label cannot be used: Expected at most 2000 label tokens, "
                + $"got {45_000 + Around} for example 'long'. Shorten its label, raise MaxLabelTokens, or drop the row.");

        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        foreach (var parts in new[] { TrainerParts.ViSurf(TinyText.Encoder, policy, new Never(), Toy.SmallLetters, optimizer),
            TrainerParts.Sft(TinyText.Encoder, policy, optimizer) })
            new Trainer(parts, Toy.Options).Invoking(t => t.Step([.. Toy.Labelled, row])).Should().Throw<InvalidDataException>()
                .WithMessage("*2000 label tokens, got 45018*'long'*");
    }

    [Theory]
    [InlineData(20, true)]
    [InlineData(21, false)]
    public void The_limit_is_an_option_and_counts_the_stop_token(int letters, bool fits)
    {
        var row = VisionExample.Ask("row", "?", new TextTarget(new string('a', letters)));
        var check = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1),
            _ => new FrameSize(1, 1)) { MaxLabelTokens = 20 + Around };
        check.Report(new ListSource([row], "rows")).Problems.Should().HaveCount(fits ? 0 : 1);

        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var trainer = new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, optimizer), Toy.Options with { MaxLabelTokens = 20 + Around });
        if (fits) trainer.Step([row]);
        else trainer.Invoking(t => t.Step([row])).Should().Throw<InvalidDataException>()
            .WithMessage("*at most 38 label tokens, got 39*'row'*");
    }

    [Fact]
    public void It_grows_with_what_rollouts_may_write_and_does_not_shrink_with_it()
    {
        new TrainerOptions().MaxLabelTokens.Should().Be(2000);
        new TrainerOptions { MaxNewTokens = 64 }.MaxLabelTokens.Should().Be(2000);
        new TrainerOptions { MaxNewTokens = 8192 }.MaxLabelTokens.Should().Be(8192);
        (new TrainerOptions { MaxLabelTokens = 100 } with { MaxNewTokens = 8192 }).MaxLabelTokens.Should().Be(100);
        FluentActions.Invoking(() => new TrainerOptions { MaxLabelTokens = 0 }).Should().Throw<ArgumentOutOfRangeException>();
    }

    private sealed class Never : Core.Rollouts.IRolloutSampler
    {
        public IReadOnlyList<Core.Rollouts.SampledTokens> Sample(Core.Policies.IPolicy policy, Core.Encoding.PromptBatch prompts,
            Core.Rollouts.RolloutRequest request)
            => throw new InvalidOperationException("nothing may be sampled");
    }
}
