using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// DAPO's soft overlong punishment (arXiv 2503.14476, eq. 13) as a component <c>overlong</c> of every rollout: 0 up to limit − buffer tokens, then
/// a straight line down to −1 at the limit, −1 beyond. Labels are left alone.
/// </summary>
/// <param name="limit">Tokens at which the penalty is full: the rollout limit. Greater than 0.</param>
/// <param name="buffer">Tokens before it over which the penalty grows, in [1, limit]. 4096 of 20 480 in the paper.</param>
/// <param name="weight">Multiplies the penalty, at least 0.</param>
public sealed class OverlongShaping(int limit, int buffer, double weight = 1.0) : IRewardController
{
    /// <summary>Name of the component.</summary>
    public const string ComponentName = "overlong";

    private readonly int _limit = Guard.Positive(limit);
    private readonly int _buffer = Guard.InRange(buffer, 1, limit);
    private readonly double _weight = Guard.NotNegative(weight);

    /// <inheritdoc/>
    public ScoredGroup Control(ScoredGroup group) => Guard.NotNull(group) with
    {
        Scores = group.Scores.Select((score, i) =>
        {
            double? penalty = group.IsDemonstration(i) ? null : Penalty(group.Group.Completions[i].TokenIds.Count);
            return score with { Components = [.. score.Components, new RewardComponent(ComponentName, penalty, _weight, Maximum: 0)] };
        }).ToArray(),
    };

    private double Penalty(int tokens) => Math.Clamp((_limit - _buffer - tokens) / (double)_buffer, -1, 0);
}
