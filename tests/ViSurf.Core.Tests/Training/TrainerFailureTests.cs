using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Advantages;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>What a step does when something goes wrong: it says so, and leaves nothing behind.</summary>
public sealed class TrainerFailureTests
{
    [Fact]
    public void A_loss_that_is_not_a_number_skips_the_update_and_names_the_examples_of_its_micro_batch()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var spoil = false;
        // One row per micro-batch, longest prompt first; the second micro-batch of the step is spoilt.
        var calls = 0;
        var parts = TrainerParts.Sft(TinyText.Encoder, policy, optimizer);
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (_, _) => spoil && calls++ == 1 ? double.NaN : 1) };
        var trainer = new Trainer(parts, Toy.Options with { MicroBatchRows = 1 });
        trainer.Step(Toy.Labelled).Skipped.Should().BeNull();
        var (weights, state) = (Toy.Weights(policy), State(optimizer));

        spoil = true;
        var report = trainer.Step(Toy.Labelled);
        report.Skipped!.Reason.Should().Be("loss is not finite");
        report.Skipped.ExampleIds.Should().ContainSingle().Which.Should().BeOneOf("one", "two", "three");
        report.SkippedUpdates.Should().Be(1);
        report.Updates[0].Loss.Should().Be(double.NaN);
        Toy.Weights(policy).Should().Equal(weights);
        State(optimizer).Should().Equal(state);
        report.ToString().Should().Contain("SKIPPED: loss is not finite in " + report.Skipped.ExampleIds[0]);
        Gradients(policy).Should().BeEmpty();

        spoil = false;
        trainer.Step(Toy.Labelled).Skipped.Should().BeNull();
        trainer.SkippedUpdates.Should().Be(1);
        Toy.Weights(policy).Should().NotEqual(weights).And.OnlyContain(w => double.IsFinite(w));
    }

    [Fact]
    public void An_infinite_gradient_under_a_finite_loss_skips_the_update_and_names_all_examples()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var before = Toy.Weights(policy);
        // d/dx √x at x = 0 is infinite, although √0 = 0 is a fine loss.
        var parts = TrainerParts.Sft(TinyText.Encoder, policy, optimizer) with { Objective = new RootObjective() };
        var report = new Trainer(parts, Toy.Options).Step(Toy.Labelled);
        report.Updates[0].Loss.Should().Be(0);
        report.Skipped!.Reason.Should().Be("gradient norm is not finite");
        report.Skipped.ExampleIds.Should().BeEquivalentTo("one", "two", "three");
        Toy.Weights(policy).Should().Equal(before);
        optimizer.Updates.Should().Be(0, "the schedule waits too");
    }

    [Fact]
    public void After_a_skipped_update_the_same_rollouts_are_not_tried_again()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.Sft(TinyText.Encoder, policy, optimizer);
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (_, _) => double.NaN) };
        new Trainer(parts, Toy.Options with { UpdatesPerRollout = 4 }).Step(Toy.Labelled).Updates.Should().ContainSingle();
    }

    [Fact]
    public void An_exception_in_the_middle_of_a_step_leaves_no_tensor_and_no_gradient()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var fail = false;
        var calls = 0;
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        parts = parts with
        {
            Objective = new ProbedObjective(parts.Objective, (_, _) => fail && ++calls == 3 ? throw new TimeoutException("judge is away") : 1),
        };
        var trainer = new Trainer(parts, Toy.Options with { MicroBatchRows = 2, UpdatesPerRollout = 2 });
        trainer.Step(Toy.Questions);
        var (live, weights) = (Live(), Toy.Weights(policy));
        fail = true;
        for (var i = 0; i < 5; i++)
        {
            calls = 0;
            FluentActions.Invoking(() => trainer.Step(Toy.Questions)).Should().Throw<TimeoutException>().WithMessage("judge is away");
        }
        Live().Should().Be(live);
        Gradients(policy).Should().BeEmpty();
        Toy.Weights(policy).Should().Equal(weights, "no update was made");
        trainer.StepsTaken.Should().Be(1);
    }

    [Fact]
    public void The_number_of_live_tensors_is_flat_over_fifty_steps()
    {
        var examples = Toy.Questions.Skip(1).Take(2).ToArray();   // one with a label, one without
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new KlPenalty(new ViSurfObjective(), 0.01),
            Reference = new FrozenPolicy(TinyText.Policy(2)),
            SkipNeutralGroups = false,
        };
        var trainer = new Trainer(parts, Toy.Options with { GroupSize = 2, MaxNewTokens = 3, MicroBatchRows = 3, UpdatesPerRollout = 2 });
        trainer.Step(examples);   // makes the optimizer's state
        var live = Live();
        var counts = Enumerable.Range(0, 50).Select(_ =>
        {
            trainer.Step(examples);
            return Live();
        }).ToArray();
        counts.Should().OnlyContain(count => count == live);
    }

    [Fact]
    public void Cancelling_stops_the_step_before_anything_changes()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        using var cancel = new CancellationTokenSource();
        var before = Toy.Weights(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (_, _) => { cancel.Cancel(); return 1; }) };
        var trainer = new Trainer(parts, Toy.Options with { MicroBatchRows = 1 });
        FluentActions.Invoking(() => trainer.Step(Toy.Questions, cancel.Token)).Should().Throw<OperationCanceledException>();
        Toy.Weights(policy).Should().Equal(before);
    }

    [Fact]
    public void A_prompt_over_the_limit_is_an_error_that_names_its_example()
        => FluentActions.Invoking(() => Step(Toy.Options with { MaxPromptTokens = 5 }))
            .Should().Throw<InvalidDataException>().WithMessage("*at most 5 prompt tokens*12 for example 'one'*");

    [Fact]
    public void Scoring_at_another_temperature_than_sampling_is_refused()
        => FluentActions.Invoking(() => Step(Toy.Options with { Temperature = 0.5 }))
            .Should().Throw<ArgumentException>().WithMessage("*temperature*0.5*sampler at 1*");

    [Fact]
    public void The_temperature_is_compared_behind_every_sampler_around_the_sampler()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var wrapped = new Watching(new PrefixSampler(Toy.Sampler, new DemonstrationInjector(TinyText.Encoder), (_, _, _) => 1));
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, wrapped, Toy.SmallLetters, optimizer);
        FluentActions.Invoking(() => new Trainer(parts, Toy.Options with { Temperature = 0.5 })).Should().Throw<ArgumentException>()
            .WithMessage("*0.5*sampler at 1*");
        FluentActions.Invoking(() => new Trainer(parts, Toy.Options)).Should().NotThrow();
    }

    [Fact]
    public void Supervised_fine_tuning_without_a_label_is_an_error_that_names_the_example()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var trainer = new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, optimizer), Toy.Options);
        FluentActions.Invoking(() => trainer.Step(Toy.Questions)).Should().Throw<ArgumentException>().WithMessage("*label for example 'free'*");
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused_when_the_trainer_is_made()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        Make(parts with { Sampler = null, Demonstrations = null }).Should().Throw<ArgumentException>().WithMessage("*nothing to train on*");
        Make(parts with { Suite = null }).Should().Throw<ArgumentException>().WithMessage("*Suite*");
        Make(parts with { Reference = new FrozenPolicy(policy) }).Should().Throw<ArgumentException>().WithMessage("*SkipNeutralGroups*");

        static Action Make(TrainerParts parts) => () => _ = new Trainer(parts, Toy.Options);
    }

    [Fact]
    public void An_estimator_that_returns_nonsense_is_named_with_its_example()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        Stepping(groups => [.. groups.Select(g => g.Scores.Select(_ => double.NaN).ToArray())]).Should()
            .Throw<InvalidOperationException>().WithMessage("*finite advantages for example 'one'*");
        Stepping(groups => [.. groups.Select(_ => new double[1])]).Should().Throw<InvalidOperationException>().WithMessage("*7 numbers for example 'one', got 1*");

        Action Stepping(AdvantageEstimator estimator) => () => new Trainer(parts with { Estimator = estimator }, Toy.Options).Step(Toy.Questions);
    }

    [Fact]
    public void A_policy_whose_scores_have_no_gradient_is_refused_instead_of_training_nothing()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.Sft(TinyText.Encoder, new FrozenPolicy(policy), optimizer);
        FluentActions.Invoking(() => new Trainer(parts, Toy.Options).Step(Toy.Labelled))
            .Should().Throw<InvalidOperationException>().WithMessage("*scores with gradient*");
    }

    private static void Step(TrainerOptions options)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer), options).Step(Toy.Questions);
    }

    private static long Live() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static byte[] State(AdamWOptimizer optimizer)
    {
        using var stream = new MemoryStream();
        optimizer.Save(stream);
        return stream.ToArray();
    }

    private static IEnumerable<string> Gradients(IPolicy policy)
    {
        using var scope = NewDisposeScope();
        return [.. policy.Module.named_parameters().Where(p => p.parameter.grad is not null).Select(p => p.name)];
    }

    private sealed class Watching(IRolloutSampler inner) : IRolloutSampler, IWrapper
    {
        public IEnumerable<object> Inner => [inner];

        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
            => inner.Sample(policy, prompts, request);
    }

    private sealed class RootObjective : IObjective
    {
        public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
            => ObjectiveResult.Of((current.LogProbs - current.LogProbs.detach()).sum().sqrt());
    }
}
