using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>What a step learns from: left out, rolled out again, replayed; and what its report says of it.</summary>
public sealed class GroupTrainingTests
{
    [Fact]
    public void A_step_without_its_dull_groups_is_the_step_that_never_had_them()
    {
        // "free" is always right, so nobody is better than anybody; random numbers belong to the example, so the others roll out alike.
        var suite = Toy.Suite("r", (example, text) => example.Id == "free" ? 1 : text.Count(char.IsAsciiLetterLower));
        var (all, some) = (Run(Toy.Questions), Run([.. Toy.Questions.Where(q => q.Id != "free")]));
        all.Report.SkippedGroups.Should().Equal(new SkippedGroup("free", "all 6 completions scored 1"));
        all.Report.ToString().Should().Contain("skipped 1");
        all.Moved.Max(Math.Abs).Should().BeGreaterThan(1e-4);
        all.Moved.Zip(some.Moved, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-12);

        (double[] Moved, StepReport Report) Run(IReadOnlyList<VisionExample> examples)
        {
            var policy = Toy.DoublePolicy(1);
            var before = Toy.Weights(policy);
            using var optimizer = Toy.GradientProbe(policy);
            var parts = TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer) with { Groups = GroupPolicy.SkipUniform };
            var report = new Trainer(parts, Toy.Options).Step(examples);
            return ([.. Toy.Weights(policy).Zip(before, (a, b) => a - b)], report);
        }
    }

    [Fact]
    public void A_group_that_teaches_nothing_is_replaced_by_a_fresh_example()
    {
        var fresh = new Queue<VisionExample>([TinyText.Example("also dull", "x"), TinyText.Example("lively", "y")]);
        var suite = Toy.Suite("r", (example, text) => example.Id.Contains("dull", StringComparison.Ordinal) ? 0 : text.Count(char.IsAsciiLetterLower));
        var report = Step(suite, parts => parts with { RollAgain = Retries.Uniform(5, fresh.Dequeue) }, TinyText.Example("dull", "a"), Toy.Questions[0]);
        report.Groups.Select(g => g.Scored.Group.Example.Id).Should().Equal("lively", "one");
        report.SkippedGroups.Should().Equal(
            new SkippedGroup("dull", "all 6 completions scored 0; rolled out again as 'also dull'"),
            new SkippedGroup("also dull", "all 6 completions scored 0; rolled out again as 'lively'"));
        report.Updates.Should().ContainSingle();
    }

    [Fact]
    public void Rolling_the_same_example_out_again_draws_other_numbers_until_the_attempts_are_spent()
    {
        var seen = new List<string>();
        var sampler = new Watched(Toy.Sampler, (_, samples) => seen.Add(string.Join("|", samples.Select(s => TinyText.Encoder.Decode(s.TokenIds)))));
        var report = Step(Toy.Suite("r", (_, _) => 0), parts => parts with { Sampler = sampler, RollAgain = Retries.Uniform(2) }, Toy.Questions[0]);
        seen.Should().HaveCount(3).And.OnlyHaveUniqueItems();
        report.SkippedGroups.Select(s => s.ExampleId).Should().Equal("one", "one", "one");
        report.SkippedGroups[^1].Reason.Should().Be("every advantage is 0");
        report.Updates.Should().BeEmpty();
    }

    [Fact]
    public void A_failing_group_is_asked_again_with_more_and_more_of_the_answer()
    {
        var prompts = new List<string[]>();
        var sampler = new Watched(Toy.Sampler, (batch, _) => prompts.Add([.. batch.Prompts.Select(p => TinyText.Encoder.Decode(p.TokenIds))]));
        var examples = new[] { TinyText.Example("hard", "what?", "abcdefgh"), TinyText.Example("bare", "who?"), TinyText.Example("easy", "why?", "z") };
        var report = Step(Toy.Suite("r", (example, _) => example.Id == "easy" ? 1 : 0),
            parts => parts with { Sampler = sampler, RollAgain = Retries.Hinted(1, LabelFormat.Bare) }, examples);
        // 25, 50 and 75 % of eight letters; an example without label has no hint to give.
        prompts.Select(p => string.Join(" / ", p)).Should().Equal(
            "what? / who? / why?", "what?Hint: the answer begins with ab", "what?Hint: the answer begins with abcd", "what?Hint: the answer begins with abcdef");
        report.Groups[0].Scored.Group.Example.Id.Should().Be("hard", "it is still the same row");
        report.SkippedGroups.Count(s => s.ExampleId == "hard" && s.Reason.EndsWith("rolled out again", StringComparison.Ordinal)).Should().Be(3);
    }

    [Fact]
    public void A_replayed_rollout_is_measured_against_the_weights_that_drew_it()
    {
        var ratios = new List<double?>();
        var dull = false;
        var suite = Toy.Suite("r", (_, text) => dull ? 0 : text.Count(char.IsAsciiLetterLower));
        var policy = Toy.DoublePolicy(1);
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer) with { Groups = new ReplayBuffer() };
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (scores, batch) => { ratios.Add(Distance(scores, batch)); return 1; }) };
        var trainer = new Trainer(parts, Toy.Options);
        var first = trainer.Step(Toy.Questions);
        ratios.Should().Equal([null], "fresh rollouts come from the current weights");
        dull = true;
        var second = trainer.Step(Toy.Questions);
        ratios[1].Should().BeGreaterThan(1e-4, "the weights have moved since");
        var drawn = first.Groups.SelectMany(g => g.Scored.Group.Completions).Select(c => c.Text).Order(StringComparer.Ordinal);
        second.Groups.SelectMany(g => g.Controlled.Group.Completions).Select(c => c.Text).Order(StringComparer.Ordinal).Should().Equal(drawn);
        second.SkippedGroups.Should().HaveCount(4).And.OnlyContain(s => s.Reason.Contains("was replayed in its place"));
        second.Updates[0].Metrics.Should().NotContainKey("sampler_drift", "old rollouts say nothing about the sampler");

        static double? Distance(TokenScores scores, UpdateBatch batch)
            => batch.OldLogProbs is { } old ? (scores.LogProbs.detach() - old).abs().max().item<double>() : null;
    }

    [Fact]
    public void An_examples_failure_is_imitated_once_enough_of_them_wait()
    {
        var policy = TinyText.Policy(1);
        using var reinforced = Toy.Optimizer(policy, 0.01);
        using var supervised = Toy.Optimizer(policy, 0.05);
        var buffer = new HardExampleBuffer(rightFrom: 1);
        var relift = new ReliftTrainer(
            new Trainer(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.Exact, reinforced), Toy.Options),
            new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, supervised, LabelFormat.Bare), Toy.Options), buffer, batch: 3);
        VisionExample[] one = [Toy.Labelled[0]], others = [Toy.Labelled[1], Toy.Labelled[2]];
        relift.Step(one).Supervised.Should().BeNull();
        relift.Step(one).Supervised.Should().BeNull("an example waits once");
        buffer.Count.Should().Be(1);
        var report = relift.Step(others);
        report.Supervised!.Groups.Select(g => g.Scored.Group.Example.Id).Should().Equal("one", "two", "three");
        buffer.Count.Should().Be(0);
        var losses = Enumerable.Range(0, 60).Select(_ => relift.Step(Toy.Labelled).Supervised?.Updates[0].Loss).OfType<double>().ToArray();
        losses[^1].Should().BeLessThan(losses[0] / 4, "labels that no rollout reaches are learnt");
        var waiting = buffer.Count;
        buffer.Collect(report.Supervised);
        buffer.Count.Should().Be(waiting, "labels alone have not failed");
    }

    [Fact]
    public void Examples_that_wait_wait_in_the_same_order_after_a_resume()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, 0);
        var trainer = new Trainer(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.Exact, optimizer), Toy.Options);
        var buffer = new HardExampleBuffer(rightFrom: 1);
        buffer.Collect(trainer.Step(Toy.Labelled));
        buffer.Count.Should().Be(3);
        var state = buffer.State.ToJsonString();

        var resumed = new HardExampleBuffer(rightFrom: 1);
        resumed.Restore(JsonNode.Parse(state)!, id => Toy.Labelled.FirstOrDefault(e => e.Id == id));
        resumed.State.ToJsonString().Should().Be(state);
        resumed.Collect(trainer.Step(Toy.Labelled));
        resumed.Count.Should().Be(3, "each waits once, also when it waited before");
        resumed.TryTake(2, out var taken).Should().BeTrue();
        taken!.Select(e => (e.Id, e.Target)).Should().Equal(Toy.Labelled.Take(2).Select(e => (e.Id, e.Target)));

        FluentActions.Invoking(() => resumed.Restore(JsonNode.Parse(state)!, _ => null)).Should().Throw<InvalidDataException>().WithMessage("*example 'one'*found none*");
        FluentActions.Invoking(() => resumed.Restore(JsonNode.Parse("7")!, _ => null)).Should().Throw<InvalidDataException>().WithMessage("*buffer of hard examples*");
        resumed.Count.Should().Be(1);
    }

    private static StepReport Step(Core.Rewards.RewardSuite suite, Func<TrainerParts, TrainerParts> change, params VisionExample[] examples)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        return new Trainer(change(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, suite, optimizer)), Toy.Options).Step(examples);
    }

    private sealed class Watched(IRolloutSampler inner, Action<PromptBatch, IReadOnlyList<SampledTokens>> see) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
        {
            var samples = inner.Sample(policy, prompts, request);
            see(prompts, samples);
            return samples;
        }
    }
}
