using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>A sampler of one's own that does not keep to what it was asked for is named, before anything is scored.</summary>
public sealed class SampledCheckTests
{
    private static readonly SampledTokens Good = new(0, [10, 11], [], FinishReason.Stop);

    public static TheoryData<string, string> Faults => new()
    {
        { "too few", "*3 completions for each prompt, got 2 for example 'one'*" },
        { "too many", "*3 completions for each prompt, got 4 for example 'one'*" },
        { "other prompt", "*prompt indices below 1, got 1*" },
        { "empty", "*at least one token*got none for example 'one'*" },
        { "too long", "*at most 4 new tokens*got 5 for example 'one'*" },
        { "negative", "*token ids from 0 on, got -1 for example 'one'*" },
        { "half the log-probabilities", "*log-probability for each of 2 tokens or none at all, got 1 for example 'one'*" },
        { "prefix", "*prefix within*got 3 for example 'one'*" },
        { "null", "*got null*" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void A_fault_is_said_with_the_sampler_and_the_example(string fault, string message)
    {
        IReadOnlyList<SampledTokens>? samples = fault switch
        {
            "too few" => [Good, Good],
            "too many" => [Good, Good, Good, Good],
            "other prompt" => [Good, Good, Good with { PromptIndex = 1 }],
            "empty" => [Good, Good, Good with { TokenIds = [] }],
            "too long" => [Good, Good, Good with { TokenIds = [1, 2, 3, 4, 5] }],
            "negative" => [Good, Good, Good with { TokenIds = [1, -1] }],
            "half the log-probabilities" => [Good, Good, Good with { LogProbs = [-1] }],
            "prefix" => [Good, Good, Good with { PrefixTokens = 3 }],
            _ => null,
        };
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, new Odd(samples), Toy.SmallLetters, optimizer);
        FluentActions.Invoking(() => new Trainer(parts, Toy.Options with { GroupSize = 3, MaxNewTokens = 4 }).Step([Toy.Questions[0]]))
            .Should().Throw<InvalidOperationException>().WithMessage("*sampler Odd*").WithMessage(message);
        FluentActions.Invoking(() => new Evaluator(TinyText.Encoder, policy, new Odd(samples)) { Answers = 3, MaxNewTokens = 4 }
            .Run([Toy.Questions[0]]))
            .Should().Throw<InvalidOperationException>().WithMessage(message);
    }

    [Fact]
    public void A_given_beginning_is_not_counted_as_new_tokens()
    {
        var policy = TinyText.Policy(1);
        var samples = new[] { Good with { TokenIds = [1, 2, 3, 4, 5, 6], PrefixTokens = 2 } };
        FluentActions.Invoking(() => new Evaluator(TinyText.Encoder, policy, new Odd(samples)) { MaxNewTokens = 4 }.Run([Toy.Questions[0]]))
            .Should().NotThrow();
    }

    [Fact]
    public void An_id_that_the_model_does_not_know_is_said_where_the_policy_knows_its_vocabulary()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl_tied"));
        var evaluator = new Evaluator(encoder, new FrozenPolicy(policy),
            new Odd([Good with { TokenIds = [policy.Config.Text.VocabularySize] }])) { MaxNewTokens = 4 };
        FluentActions.Invoking(() => evaluator.Run([Toy.Questions[0]])).Should().Throw<InvalidOperationException>()
            .WithMessage("*below the vocabulary's 1536, got 1536 for example 'one'*");
    }

    private sealed class Odd(IReadOnlyList<SampledTokens>? samples) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request) => samples!;
    }
}
