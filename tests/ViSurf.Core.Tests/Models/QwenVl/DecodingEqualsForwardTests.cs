using CsCheck;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Logits of a decode session, whatever enters and leaves, against one full forward pass of each row's own sequence.</summary>
public sealed class DecodingEqualsForwardTests
{
    private const int Limit = 40, Copies = 3;

    private static readonly Gen<RandomPrompt> Prompt = Gen.Select(
        Gen.Int[1, 30], Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4]).Array[0, 2], Gen.Int[0, 1 << 30], (text, pictures, seed) => new RandomPrompt(text, pictures, seed));

    [Theory]
    [InlineData("qwen2_vl")]
    [InlineData("qwen2_5_vl_tied")]
    [InlineData("qwen3_vl")]
    public void Every_position_agrees_while_rows_leave_and_prompts_enter(string model)
    {
        using var policy = QwenVlPolicy.FromDirectory(Fixtures.PathOf(model), new QwenVlOptions { Device = TestDevice.Value });
        Gen.Select(Prompt.Array[3, 6], Gen.Int[0, 1 << 30]).Sample(input =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var (prompts, random, alone) = (input.Item1.Select(p => p.Encode(policy.Config)).ToArray(), new Random(input.Item2), new AloneModel(policy));
            var batches = prompts.Select(p => Collator.Prompts([p])).ToArray();
            var waiting = new Queue<int>(Enumerable.Range(1, prompts.Length - 1));
            using var session = policy.Decode(batches[0], Copies, Limit);
            var live = Rows(0);
            var arrived = new List<Row>();
            Tensor? tokens = null;
            for (var step = 0; step < 3 * Limit && (live.Count > 0 || arrived.Count > 0 || waiting.Count > 0); step++)
            {
                var logits = session.Next(tokens);
                live.AddRange(arrived);
                arrived.Clear();
                logits.shape.Should().Equal(live.Count, policy.Config.Text.VocabularySize);
                for (var row = 0; row < live.Count; row++)
                    if (step % 5 == 0 || live[row].Ids.Count < 3) Compare(logits[row], alone, prompts[live[row].Prompt], live[row].Ids);
                foreach (var row in live) row.Ids.Add(random.Next(0, 1400));

                var keep = Enumerable.Range(0, live.Count).Where(row => live[row].Ids.Count <= Limit - 1 && random.Next(12) > 0).ToArray();
                if (keep.Length < live.Count) session.Keep(keep);
                live = [.. keep.Select(row => live[row])];
                tokens = live.Count == 0 ? null : tensor(live.Select(row => (long)row.Ids[^1]).ToArray());
                while (waiting.Count > 0 && (live.Count == 0 || random.Next(4) == 0))
                {
                    var next = waiting.Dequeue();
                    session.Admit(batches[next]);
                    arrived.AddRange(Rows(next));
                    if (live.Count == 0) break;
                }
                if (live.Count == 0 && arrived.Count == 0) break;
            }
            waiting.Should().BeEmpty();
        }, iter: 6, threads: 1);
    }

    [Fact]
    public void A_ring_that_has_turned_several_times_still_agrees()
    {
        // Prompts enter one after the other for 200 steps; a row's limit is 40, so the columns are written five times over.
        using var policy = QwenVlPolicy.FromDirectory(Fixtures.PathOf("qwen2_5_vl_tied"), new QwenVlOptions { Device = TestDevice.Value });
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (random, alone) = (new Random(7), new AloneModel(policy));
        var prompts = Enumerable.Range(0, 8).Select(i => new RandomPrompt(5 + i, i % 2 == 0 ? [(2, 3)] : [], i).Encode(policy.Config)).ToArray();
        var batches = prompts.Select(p => Collator.Prompts([p])).ToArray();
        using var session = policy.Decode(batches[0], 1, Limit);
        var live = new List<Row> { new(0, []) };
        Tensor? tokens = null;
        for (var step = 0; step < 200; step++)
        {
            using var inner = NewDisposeScope();
            var logits = session.Next(tokens);
            for (var row = 0; row < live.Count; row++)
                if (step % 20 == 19) Compare(logits[row], alone, prompts[live[row].Prompt], live[row].Ids);
            foreach (var row in live) row.Ids.Add(random.Next(0, 1400));
            var keep = Enumerable.Range(0, live.Count).Where(row => live[row].Ids.Count < Limit).ToArray();
            if (keep.Length < live.Count) session.Keep(keep);
            live = [.. keep.Select(row => live[row])];
            tokens?.Dispose();
            tokens = tensor(live.Select(row => (long)row.Ids[^1]).ToArray()).MoveToOuterDisposeScope();
            if (step % 25 != 24 || step / 25 + 1 >= prompts.Length) continue;
            session.Admit(batches[step / 25 + 1]);
            live.Add(new Row(step / 25 + 1, []));
        }
    }

    private static void Compare(Tensor logits, AloneModel alone, EncodedPrompt prompt, List<int> ids)
    {
        var expected = alone.Logits(prompt, ids)[ids.Count];
        (logits - expected).abs().max().item<float>().Should().BeLessThan(1e-4f * Math.Max(1, expected.abs().max().item<float>()), "token {0}", ids.Count);
    }

    private static List<Row> Rows(int prompt) => [.. Enumerable.Range(0, Copies).Select(_ => new Row(prompt, []))];

    private sealed record Row(int Prompt, List<int> Ids);
}
