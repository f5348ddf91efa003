using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class EvaluatorTests
{
    [Fact]
    public void Greedy_answers_are_the_same_for_any_batch_size_and_come_in_order()
    {
        var policy = TinyText.Policy(1);
        var alone = Run(1);
        Run(3).Select(r => r.Completion.Text).Should().Equal(alone.Select(r => r.Completion.Text));
        alone.Select(r => r.Example.Id).Should().Equal("one", "two", "free", "three");
        alone.Should().OnlyContain(r => r.Completion.Source == CompletionSource.Policy && r.Completion.TokenIds.Count <= 6);

        IReadOnlyList<EvaluatedExample> Run(int batch)
            => new Evaluator(TinyText.Encoder, policy, Toy.Greedy) { BatchSize = batch, MaxNewTokens = 6 }.Run(Toy.Questions);
    }

    [Fact]
    public void Sampled_answers_are_the_same_for_any_batch_size_also_where_sets_share_an_id()
    {
        var policy = TinyText.Policy(1);
        // "one" of another set, a second question of the same words, and "one" once more: each is an example of its own.
        VisionExample[] examples = [.. Toy.Questions, Toy.Questions[0], Toy.Questions[1] with { Id = "two again" }, Toy.Questions[0]];
        var together = Run(examples.Length);
        foreach (var batch in new[] { 1, 2, 3 }) Run(batch).Should().Equal(together, "batches are of {0}", batch);
        together.Should().HaveCount(7).And.OnlyHaveUniqueItems("no two examples share their random numbers, whatever they have in common");

        string[] Run(int batch) => [.. new Evaluator(TinyText.Encoder, policy, Toy.Sampler) { BatchSize = batch, MaxNewTokens = 8, Answers = 2, Seed = 3 }
            .Run(examples).Select(r => string.Join(" | ", r.Completions.Select(c => string.Join(',', c.TokenIds))))];
    }

    [Fact]
    public void Every_example_is_seen_as_it_is_answered_and_no_tensor_stays_behind()
    {
        var policy = TinyText.Policy(1);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var seen = new List<string>();
        var evaluator = new Evaluator(TinyText.Encoder, policy, Toy.Sampler) { Answers = 3, MaxNewTokens = 4, BatchSize = 2 };
        var results = evaluator.Run(Toy.Questions, each: r => seen.Add(r.Example.Id));
        results.Should().HaveCount(4).And.OnlyContain(r => r.Completions.Count == 3);
        seen.Should().Equal(results.Select(r => r.Example.Id));
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
    }

    [Fact]
    public void Evaluating_leaves_training_as_it_was()
    {
        Run(evaluate: true).Should().Equal(Run(evaluate: false));

        static double[] Run(bool evaluate)
        {
            var policy = TinyText.Policy(1);
            using var optimizer = Toy.Optimizer(policy);
            var trainer = new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer), Toy.Options);
            for (var i = 0; i < 3; i++)
            {
                trainer.Step(Toy.Questions);
                if (evaluate) new Evaluator(TinyText.Encoder, policy, Toy.Greedy) { MaxNewTokens = 3 }.Run(Toy.Questions);
            }
            return Toy.Weights(policy);
        }
    }
}
