using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>
/// Rollouts that continue the beginning of the label, as UFT (a hint for every rollout) and Prefix-RFT (a prefix for one of the group) want
/// them. The given tokens are part of the completion and are marked as the label's.
/// </summary>
/// <remarks>
/// A sampler around a sampler: the prefix is appended to the prompt that the inner one sees, with the same pictures. A prefix never holds the whole
/// label, so that the policy at least decides to stop. Examples without label are rolled out without prefix. A rollout with a prefix has no
/// log-probabilities of the sampler, because nobody drew its beginning.
/// </remarks>
/// <param name="inner">Draws the tokens; stays the caller's.</param>
/// <param name="demonstrations">Writes the label.</param>
/// <param name="length">How many of the label's tokens.</param>
/// <param name="copies">How many rollouts of each group begin with a prefix, greater than 0; null for all. They come last in the group.</param>
public sealed class PrefixSampler(IRolloutSampler inner, DemonstrationInjector demonstrations, PrefixLength length,
    int? copies = null) : IRolloutSampler, IDescribed, IWrapper
{
    private readonly IRolloutSampler _inner = Guard.NotNull(inner);
    private readonly DemonstrationInjector _demonstrations = Guard.NotNull(demonstrations);
    private readonly PrefixLength _length = Guard.NotNull(length);
    private readonly int? _copies = copies is { } given ? Guard.Positive(given) : null;

    string IDescribed.Description
        => FormattableString.Invariant($"PrefixSampler({(_copies is { } some ? $"{some} of a group, " : "")}{Descriptions.Of(_inner)})");

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
    {
        Guard.NotNull(prompts);
        Guard.NotNull(request);
        var prefixed = Math.Min(_copies ?? request.GroupSize, request.GroupSize);
        var prefixes = prompts.Prompts.Select(prompt => Prefix(prompt.Example, request)).ToArray();
        IReadOnlyList<SampledTokens> plain = prefixed == request.GroupSize ? []
            : _inner.Sample(policy, prompts, request with { GroupSize = request.GroupSize - prefixed });
        var continued = Continue(policy, prompts, prefixes, request, prefixed);
        return [.. Enumerable.Range(0, prompts.Count).SelectMany(q => plain.Where(s => s.PromptIndex == q).Concat(continued.Where(s => s.PromptIndex == q)))];
    }

    private int[] Prefix(VisionExample example, RolloutRequest request)
    {
        // The sampler does not know the run's limit on labels; this is that option's own default.
        if (_demonstrations.Demonstration(example, Math.Max(request.MaxNewTokens, TrainerOptions.ResponseLimit)) is not { } label)
            return [];
        var tokens = _length(example, label.TokenIds.Count, request.Step);
        return [.. label.TokenIds.Take(Math.Clamp(tokens, 0, label.TokenIds.Count - 1))];
    }

    private SampledTokens[] Continue(IPolicy policy, PromptBatch prompts, int[][] prefixes, RolloutRequest request, int copies)
    {
        using var scope = torch.NewDisposeScope();
        var extended = prompts.Prompts.Select((prompt, q) => new EncodedPrompt(prompt.Example, [.. prompt.TokenIds, .. prefixes[q]], prompt.Grids, prompt.Pixels?.alias())).ToArray();
        try
        {
            using var batch = Collator.Prompts(extended);
            var limit = Math.Max(1, request.MaxNewTokens - prefixes.Max(prefix => prefix.Length));
            // Other random numbers than the plain rollouts', which have the same example and the same copies.
            var seed = SeedStream.Derive(request.Seed, "prefixed rollouts");
            return _inner.Sample(policy, batch, request with { GroupSize = copies, MaxNewTokens = limit, Seed = seed })
                .Select(sample => prefixes[sample.PromptIndex] is { Length: > 0 } prefix
                    ? sample with { TokenIds = [.. prefix, .. sample.TokenIds], LogProbs = [], PrefixTokens = prefix.Length }
                    : sample).ToArray();
        }
        finally
        {
            foreach (var prompt in extended) prompt.Dispose();
        }
    }
}
