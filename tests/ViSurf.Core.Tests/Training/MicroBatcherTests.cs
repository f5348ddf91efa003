using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Policies;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class MicroBatcherTests
{
    private static readonly Gen<(int Prompt, int[] Rows)[]> Steps
        = Gen.Select(Gen.Int[1, 50], Gen.Int[1, 40].Array[1, 9]).Array[1, 6];

    [Fact]
    public void Every_row_is_in_exactly_one_micro_batch_and_only_a_single_row_exceeds_the_budget()
        => Gen.Select(Steps, Gen.Int[1, 200], Gen.Int[1, 12]).Sample((step, tokens, limit) =>
        {
            var (rows, prompts) = Rows(step);
            var batches = new MicroBatcher(tokens, limit).Split(rows, prompts);
            batches.SelectMany(b => b).Should().BeEquivalentTo(rows, o => o.ComparingByValue<TrainingRow>());
            batches.Should().OnlyContain(b => b.Count >= 1 && b.Count <= limit);
            batches.Should().OnlyContain(b => b.Count == 1 || Cost(b, prompts) <= tokens);
        }, iter: 300);

    [Fact]
    public void A_group_that_fits_is_never_torn()
        => Gen.Select(Steps, Gen.Int[1, 400]).Sample((step, tokens) =>
        {
            var (rows, prompts) = Rows(step);
            var batches = new MicroBatcher(tokens).Split(rows, prompts);
            foreach (var group in rows.GroupBy(r => r.PromptIndex).Where(g => Cost([.. g], prompts) <= tokens))
                batches.Count(b => b.Any(r => r.PromptIndex == group.Key)).Should().Be(1);
        }, iter: 300);

    [Fact]
    public void The_most_expensive_micro_batch_comes_first()
    {
        // costs 10 + 2 × 5 = 20, 10 + 2 × 40 = 90, 10 + 2 × 20 = 50; budget 100 takes 90 alone, then 50 and 20 as 2 × 10 + 4 × 20 = 100
        var (rows, prompts) = Rows([(10, [5, 5]), (10, [40, 40]), (10, [20, 20])]);
        var batches = new MicroBatcher(100).Split(rows, prompts);
        batches.Select(b => b.Select(r => r.PromptIndex).Distinct().ToArray()).Should().BeEquivalentTo([new[] { 1 }, [2, 0]], o => o.WithStrictOrdering());
    }

    [Fact]
    public void A_policy_that_packs_is_charged_real_tokens_and_fills_its_budget_with_them()
    {
        // real tokens 10 + 40 + 1 + 1 + 1 = 53 and 30 + 5 = 35: together 88. Padded they would be 2 × 30 + 5 × 40 = 260.
        var (rows, prompts) = Rows([(10, [1, 40, 1, 1]), (30, [5])]);
        Sizes(100, SequenceLayout.Packed).Should().BeEquivalentTo([new[] { 40, 1, 1, 1, 5 }], o => o.WithStrictOrdering());
        Sizes(87, SequenceLayout.Packed).Should().BeEquivalentTo([new[] { 40, 1, 1, 1 }, [5]], o => o.WithStrictOrdering());
        Sizes(100, SequenceLayout.Padded)[0].Should().Equal(40, 1);

        int[][] Sizes(int budget, SequenceLayout layout)
            => [.. new MicroBatcher(budget, layout: layout).Split(rows, prompts).Select(b => b.Select(r => r.Tokens).ToArray())];
    }

    [Fact]
    public void Packed_micro_batches_hold_every_row_once_within_the_budget()
        => Gen.Select(Steps, Gen.Int[1, 200], Gen.Int[1, 12]).Sample((step, tokens, limit) =>
        {
            var (rows, prompts) = Rows(step);
            var batches = new MicroBatcher(tokens, limit, SequenceLayout.Packed).Split(rows, prompts);
            batches.SelectMany(b => b).Should().BeEquivalentTo(rows, o => o.ComparingByValue<TrainingRow>());
            batches.Should().OnlyContain(b => b.Count == 1
                || b.Count <= limit && b.Select(r => r.PromptIndex).Distinct().Sum(q => prompts[q]) + b.Sum(r => r.Tokens) <= tokens);
        }, iter: 300);

    [Fact]
    public void A_group_over_the_budget_is_cut_by_length_longest_first()
    {
        // prompt 10, budget 50: two rows of 20 fit (10 + 2 × 20), then four of 10 (10 + 4 × 10), then the last
        var (rows, prompts) = Rows([(10, [10, 20, 10, 10, 20, 10, 3])]);
        new MicroBatcher(50).Split(rows, prompts).Select(b => b.Select(r => r.Tokens).ToArray())
            .Should().BeEquivalentTo([new[] { 20, 20 }, [10, 10, 10, 10], [3]], o => o.WithStrictOrdering());
    }

    private static long Cost(IReadOnlyList<TrainingRow> rows, int[] prompts)
    {
        var distinct = rows.Select(r => r.PromptIndex).Distinct().ToArray();
        return distinct.Length * (long)distinct.Max(q => prompts[q]) + rows.Count * (long)rows.Max(r => r.Tokens);
    }

    private static (List<TrainingRow> Rows, int[] Prompts) Rows((int Prompt, int[] Rows)[] step)
    {
        var rows = step.SelectMany((g, q) => g.Rows.Select((n, i) => new TrainingRow(
            q, new Completion(new int[n], $"{q}.{i}", FinishReason.Stop, CompletionSource.Policy), 1, 1))).ToList();
        return (rows, [.. step.Select(g => g.Prompt)]);
    }
}
