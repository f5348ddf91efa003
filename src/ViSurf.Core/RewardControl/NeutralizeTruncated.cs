using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Takes rollouts that were cut at the token limit out of the loss: nobody knows how they would have ended (DAPO's overlong filtering, arXiv
/// 2503.14476, §3.4; TRL <c>mask_truncated_completions</c>). Their rewards stay in the group's statistics, their advantage is exactly 0.
/// </summary>
public sealed class NeutralizeTruncated : IRewardController
{
    /// <inheritdoc/>
    public ScoredGroup Control(ScoredGroup group) => Guard.NotNull(group) with
    {
        Scores = group.Scores.Select((score, i) =>
            group.Group.Completions[i] is { FinishReason: FinishReason.Length, Source: CompletionSource.Policy } ? score with { Neutral = true } : score).ToArray(),
    };
}
