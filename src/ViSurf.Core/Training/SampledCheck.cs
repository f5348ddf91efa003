using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>
/// Holds what a sampler returned to what it was asked for. Ours keep to it; one of one's own, or a remote engine with other limits, may
/// not, and then the error belongs to the sampler and not to a scoring pass that runs out of memory or into native code.
/// </summary>
internal static class SampledCheck
{
    /// <returns>The samples.</returns>
    /// <exception cref="InvalidOperationException">They are not what was asked for; names the sampler and the example.</exception>
    public static IReadOnlyList<SampledTokens> Ensure(
        IReadOnlyList<SampledTokens>? samples, IRolloutSampler sampler, IPolicy policy, PromptBatch prompts, RolloutRequest request)
    {
        var name = sampler.GetType().Name;
        if (samples is null) throw new InvalidOperationException($"Expected completions from the sampler {name}, got null.");
        var counts = new int[prompts.Count];
        foreach (var sample in samples)
        {
            if (sample is null)
                throw new InvalidOperationException($"Expected completions from the sampler {name}, got a list with null in it.");
            if (sample.PromptIndex < 0 || sample.PromptIndex >= prompts.Count)
                throw new InvalidOperationException($"Expected the sampler {name} to return prompt indices below {prompts.Count}, "
                    + $"got {sample.PromptIndex}.");
            counts[sample.PromptIndex]++;
            if (Problem(sample, policy.VocabularySize, request.MaxNewTokens) is { } problem)
                throw new InvalidOperationException($"Expected the sampler {name} to return {problem} for example "
                    + $"'{prompts.Prompts[sample.PromptIndex].Example.Id}'.");
        }
        for (var q = 0; q < counts.Length; q++)
            if (counts[q] != request.GroupSize)
                throw new InvalidOperationException(
                    $"Expected the sampler {name} to return {request.GroupSize} completions for each prompt, "
                        + $"got {counts[q]} for example '{prompts.Prompts[q].Example.Id}'.");
        return samples;
    }

    private static string? Problem(SampledTokens sample, int? vocabulary, int maxNewTokens)
    {
        var tokens = sample.TokenIds;
        if (tokens is null || tokens.Count == 0) return "at least one token per completion, got none";
        if (sample.PrefixTokens < 0 || sample.PrefixTokens > tokens.Count)
            return $"a prefix within the completion's {tokens.Count} tokens, got {sample.PrefixTokens}";
        // A given beginning is no new token.
        if (tokens.Count - sample.PrefixTokens > maxNewTokens)
            return $"at most {maxNewTokens} new tokens per completion (MaxNewTokens), got {tokens.Count - sample.PrefixTokens}";
        if (sample.LogProbs is null || (sample.LogProbs.Count != 0 && sample.LogProbs.Count != tokens.Count))
            return $"a log-probability for each of {tokens.Count} tokens or none at all, "
                + $"got {sample.LogProbs?.Count.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}";
        var (least, most) = (tokens.Min(), tokens.Max());
        return least < 0 ? $"token ids from 0 on, got {least}"
            : vocabulary is { } size && most >= size ? $"token ids below the vocabulary's {size}, got {most}"
            : null;
    }
}
