using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Rollouts;

/// <summary>Samples token by token from <see cref="IPolicy.Decode"/>; finished rows leave the batch and waiting prompts enter.</summary>
/// <remarks>
/// The number that picks a token depends on (seed, step, prompt, copy, position) only, where a prompt is known by its example's id (and,
/// where an id occurs more than once, by its occurrence: see <see cref="RolloutRequest.Occurrences"/>). So, on a CPU in float32, neither
/// the composition nor the order of the batch changes a rollout. On a GPU the logits depend on the number of rows in their last bits, in
/// bfloat16 visibly, and rollouts with them: docs/training.md, "Rollouts of one seed".
/// </remarks>
public sealed class AutoregressiveSampler : IRolloutSampler, IDescribed
{
    private readonly TokenSelector _selector;
    private readonly HashSet<int> _stopIds;
    private readonly long _maxTokens;
    private readonly int _stopCheck;

    /// <summary>Makes a sampler.</summary>
    /// <param name="options">Null for the defaults, which have no stop tokens.</param>
    /// <param name="maxTokens">
    /// Most tokens held in the cache at a time: each prompt being continued counts its own tokens once and the longest possible completion
    /// for each of its rows. Whole groups, so at least one group is decoded. It bounds memory and changes no random number; results are the
    /// same as far as the remarks say.
    /// </param>
    /// <param name="stopCheck">
    /// Tokens between two looks at what was drawn. Looking makes the host wait for the device; a row that stops in between goes on, unread,
    /// until the next look. 0 chooses: 1 on the CPU, where looking is free, and 8 elsewhere. Results are the same as far as the
    /// remarks say: a row that stays longer is one row more in the products.
    /// </param>
    /// <exception cref="ArgumentException">A stop token is suppressed.</exception>
    public AutoregressiveSampler(SamplingOptions? options = null, long maxTokens = long.MaxValue, int stopCheck = 0)
    {
        _selector = new TokenSelector(options);
        _stopIds = [.. _selector.Options.StopIds];
        _maxTokens = Guard.Positive(maxTokens);
        _stopCheck = Guard.NotNegative(stopCheck);
    }

    /// <summary>The knobs.</summary>
    public SamplingOptions Options => _selector.Options;

    /// <summary>Most tokens held in the cache at a time.</summary>
    internal long MaxTokens => _maxTokens;

    string IDescribed.Description => FormattableString.Invariant(
        $"AutoregressiveSampler(temperature {Options.Temperature}, top-p {Options.TopP}, top-k {Options.TopK}, min-p {Options.MinP}, repetition {Options.RepetitionPenalty}, ")
        + $"stop {string.Join(' ', Options.StopIds)}, never {string.Join(' ', Options.SuppressedIds)})";

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    /// <exception cref="ArgumentException"><see cref="RolloutRequest.Occurrences"/> are not one per prompt.</exception>
    /// <exception cref="DivergedException">The policy's logits hold no distribution (NaN); names example and position.</exception>
    public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
    {
        Guard.NotNull(policy);
        Guard.NotNull(prompts);
        Guard.Positive(Guard.NotNull(request).GroupSize);
        Guard.Positive(request.MaxNewTokens);
        var tapes = Tapes(prompts, request);
        using var waiting = new WaitingPrompts(prompts, request, _maxTokens);
        using var loop = new DecodeLoop(policy, request, _selector, _stopIds, _stopCheck);
        loop.Run(waiting, tapes);
        return [.. tapes.Select(tape => tape.ToSample())];
    }

    private static List<TokenTape> Tapes(PromptBatch prompts, RolloutRequest request)
    {
        var occurrences = request.Occurrences ?? new OccurrenceCounter().Next(prompts.Prompts.Select(prompt => prompt.Example));
        if (occurrences.Count != prompts.Count)
            throw new ArgumentException($"Expected one occurrence for each of {prompts.Count} prompts, got {occurrences.Count}.", nameof(request));
        var tapes = new List<TokenTape>(prompts.Count * request.GroupSize);
        for (var q = 0; q < prompts.Count; q++)
        {
            var id = prompts.Prompts[q].Example.Id;
            var key = occurrences[q] == 0 ? SeedStream.Key(id) : SeedStream.Bits(0, 0, SeedStream.Key(id), occurrences[q], 0);
            for (var copy = 0; copy < request.GroupSize; copy++) tapes.Add(new TokenTape(q, id, key, copy));
        }
        return tapes;
    }
}
