using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Rollouts;

/// <summary>Samples token by token from <see cref="IPolicy.Decode"/>; finished rows leave the batch at once.</summary>
/// <remarks>
/// The number that picks a token depends on (seed, step, prompt, copy, position) only, where a prompt is known by its example's id (and, when
/// the same id occurs more than once in a request, by its occurrence). So neither the composition nor the order of the batch changes a rollout.
/// </remarks>
public sealed class AutoregressiveSampler : IRolloutSampler
{
    private readonly TokenSelector _selector;
    private readonly HashSet<int> _stopIds;
    private readonly int _maxRows;

    /// <summary>Makes a sampler.</summary>
    /// <param name="options">Null for the defaults, which have no stop tokens.</param>
    /// <param name="maxRows">
    /// Most rows decoded together, for memory; whole groups, so at least one group. Results are the same for any limit.
    /// </param>
    /// <exception cref="ArgumentException">A stop token is suppressed.</exception>
    public AutoregressiveSampler(SamplingOptions? options = null, int maxRows = int.MaxValue)
    {
        _selector = new TokenSelector(options);
        _stopIds = [.. _selector.Options.StopIds];
        _maxRows = Guard.Positive(maxRows);
    }

    /// <summary>The knobs.</summary>
    public SamplingOptions Options => _selector.Options;

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The policy's logits hold no distribution (NaN); names example and position.</exception>
    public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
    {
        Guard.NotNull(policy);
        Guard.NotNull(prompts);
        Guard.Positive(Guard.NotNull(request).GroupSize);
        Guard.Positive(request.MaxNewTokens);
        var tapes = Tapes(prompts, request.GroupSize);
        var promptsAtOnce = Math.Max(1, _maxRows / request.GroupSize);
        for (var start = 0; start < prompts.Count; start += promptsAtOnce)
        {
            var count = Math.Min(promptsAtOnce, prompts.Count - start);
            var rows = tapes.GetRange(start * request.GroupSize, count * request.GroupSize);
            if (count == prompts.Count)
            {
                Decode(policy, prompts, request, rows);
                continue;
            }
            using var part = prompts.Slice(start, count);
            Decode(policy, part, request, rows);
        }
        return [.. tapes.Select(tape => tape.ToSample())];
    }

    private static List<TokenTape> Tapes(PromptBatch prompts, int groupSize)
    {
        var occurrences = new Dictionary<string, int>(StringComparer.Ordinal);
        var tapes = new List<TokenTape>(prompts.Count * groupSize);
        for (var q = 0; q < prompts.Count; q++)
        {
            var id = prompts.Prompts[q].Example.Id;
            var occurrence = occurrences[id] = occurrences.GetValueOrDefault(id, -1) + 1;
            var key = occurrence == 0 ? SeedStream.Key(id) : SeedStream.Bits(0, 0, SeedStream.Key(id), occurrence, 0);
            for (var copy = 0; copy < groupSize; copy++) tapes.Add(new TokenTape(q, id, key, copy));
        }
        return tapes;
    }

    private void Decode(IPolicy policy, PromptBatch prompts, RolloutRequest request, List<TokenTape> tapes)
    {
        request.Cancellation.ThrowIfCancellationRequested();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        using var session = policy.Decode(prompts, request.GroupSize, request.MaxNewTokens);
        var live = tapes;
        Tensor? tokens = null;
        Tensor? seen = null;
        while (true)
        {
            request.Cancellation.ThrowIfCancellationRequested();
            using var step = NewDisposeScope();
            var logits = session.Next(tokens);
            var met = _selector.NeedsSeen ? Meet(seen, tokens, prompts, request.GroupSize, logits) : null;
            var (ids, logProbs) = _selector.Select(logits, Uniforms(request, live, logits.device), met);
            Write(ids, logProbs, live, request);

            var keep = Enumerable.Range(0, live.Count).Where(row => live[row].Finished is null).ToArray();
            if (keep.Length == 0) return;
            if (keep.Length < live.Count)
            {
                session.Keep(keep);
                live = [.. keep.Select(row => live[row])];
                var index = tensor(Array.ConvertAll(keep, row => (long)row), device: ids.device);
                ids = ids.index_select(0, index);
                met = met?.index_select(0, index);
            }
            tokens?.Dispose();
            seen?.Dispose();
            tokens = ids.MoveToOuterDisposeScope();
            seen = met?.MoveToOuterDisposeScope();
        }
    }

    private static Tensor Uniforms(RolloutRequest request, List<TokenTape> live, Device device)
        => tensor(live.Select(t => SeedStream.Uniform(request.Seed, request.Step, t.PromptKey, t.Copy, t.Length)).ToArray(), device: device);

    /// <summary>The tokens each row has met: its prompt's at first, then the one just chosen.</summary>
    private static Tensor Meet(Tensor? seen, Tensor? tokens, PromptBatch prompts, int copies, Tensor logits)
    {
        if (seen is not null && tokens is not null)
        {
            var column = tokens.unsqueeze(1);
            return seen.scatter(1, column, ones_like(column, ScalarType.Bool));
        }
        return TokenSelector.Seen(prompts.TokenIds.to(logits.device), prompts.Mask.to(logits.device), logits.shape[1]).repeat_interleave(copies, 0);
    }

    private void Write(Tensor ids, Tensor logProbs, List<TokenTape> live, RolloutRequest request)
    {
        // Ids are exact in float64, so both come over in one transfer.
        using var host = stack([ids.to(ScalarType.Float64), logProbs.to(ScalarType.Float64)]).cpu();
        var values = host.data<double>();
        for (var row = 0; row < live.Count; row++)
        {
            var logProb = values[live.Count + row];
            if (double.IsNaN(logProb))
            {
                throw new InvalidOperationException(
                    $"Expected a distribution over the next token of example '{live[row].ExampleId}' at position {live[row].Length}, "
                    + "got NaN logits. The weights have diverged, or the checkpoint does not fit the model.");
            }
            live[row].Append((int)values[row], (float)logProb, _stopIds, request.MaxNewTokens);
        }
    }
}
