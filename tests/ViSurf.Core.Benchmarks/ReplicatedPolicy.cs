using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// A policy whose completions share nothing: each carries a prompt and pictures of its own, as in trainers that repeat them. The numbers
/// are those of the policy below it, the work is not; so both can be measured in one run on one engine.
/// </summary>
/// <param name="inner">The policy; stays the caller's.</param>
internal sealed class ReplicatedPolicy(IPolicy inner) : IPolicy
{
    public nn.Module Module => inner.Module;

    public SequenceLayout Layout => inner.Layout;

    public TokenScores Score(SequenceBatch batch)
    {
        var index = batch.PromptIndex.data<long>().ToArray();
        using var copies = new PromptCopies(batch.Prompts, Array.ConvertAll(index, q => (int)q));
        using var rows = new SequenceBatch(copies.Batch, Own(ScalarOps.Range(index.Length)), Own(batch.CompletionIds.alias()), Own(batch.CompletionMask.alias()))
        {
            Temperature = batch.Temperature,
            WithEntropy = batch.WithEntropy,
        };
        return inner.Score(rows);
    }

    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        var first = PromptCopies.Of(prompts, copies);
        try
        {
            return new Session(inner.Decode(first.Batch, 1, maxNewTokens), first, copies);
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    private static Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();

    /// <summary>Rows are prompt-major on both sides, so tokens and rows pass through as they are.</summary>
    private sealed class Session(IDecodeSession inner, PromptCopies first, int copies) : IDecodeSession
    {
        private readonly List<PromptCopies> _admitted = [first];

        public Tensor Next(Tensor? tokens) => inner.Next(tokens);

        public void Keep(ReadOnlySpan<int> rows) => inner.Keep(rows);

        public void Admit(PromptBatch prompts)
        {
            _admitted.Add(PromptCopies.Of(prompts, copies));
            inner.Admit(_admitted[^1].Batch);
        }

        public void Dispose()
        {
            inner.Dispose();
            foreach (var prompts in _admitted) prompts.Dispose();
        }
    }

    /// <summary>One prompt for each row. Each is an object of its own, so that no cache by identity can join them again.</summary>
    private sealed class PromptCopies : IDisposable
    {
        private readonly EncodedPrompt[] _prompts;

        public PromptCopies(PromptBatch prompts, int[] index)
        {
            _prompts = [.. index.Select(q => prompts.Prompts[q]).Select(p => new EncodedPrompt(p.Example, p.TokenIds, p.Grids, p.Pixels?.alias()))];
            Batch = Collator.Prompts(_prompts);
        }

        public PromptBatch Batch { get; }

        public static PromptCopies Of(PromptBatch prompts, int copies)
            => new(prompts, [.. Enumerable.Range(0, prompts.Count * copies).Select(row => row / copies)]);

        public void Dispose()
        {
            Batch.Dispose();
            foreach (var prompt in _prompts) prompt.Dispose();
        }
    }
}
