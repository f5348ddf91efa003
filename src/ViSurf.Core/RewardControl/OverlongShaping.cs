using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// DAPO's soft overlong punishment (arXiv 2503.14476, eq. 13) as a component <c>overlong</c> of every rollout: 0 up to limit − buffer tokens, then
/// a straight line down to −1 at the limit, −1 beyond. Labels are left alone. Where the suite has that component already
/// (<c>RewardPresets.DapoMath</c> does), it counts once: the suite's.
/// </summary>
/// <param name="limit">Tokens at which the penalty is full: the rollout limit. Greater than 0.</param>
/// <param name="buffer">Tokens before it over which the penalty grows, in [1, limit]. 4096 of 20 480 in the paper.</param>
/// <param name="weight">Multiplies the penalty, at least 0.</param>
public sealed class OverlongShaping(int limit, int buffer, double weight = 1.0) : IRewardController
{
    /// <summary>Name of the component.</summary>
    public const string ComponentName = LengthRewards.OverlongComponent;

    private readonly int _limit = Guard.Positive(limit);
    private readonly int _buffer = Guard.InRange(buffer, 1, limit);
    private readonly double _weight = Guard.NotNegative(weight);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The suite has a component of that name with another value; names example, completion
    /// and both.</exception>
    public ScoredGroup Control(ScoredGroup group) => Guard.NotNull(group) with
    {
        Scores = [.. group.Scores.Select((score, i) => score.Find(ComponentName) is { } present ? Same(group, i, present)
            : Added(group, i))],
    };

    private CompletionScore Added(ScoredGroup group, int index)
    {
        var score = group.Scores[index];
        return score with { Components = [.. score.Components,
            new RewardComponent(ComponentName, Penalty(group, index), _weight, Maximum: 0) { Minimum = -1 }] };
    }

    /// <summary>The score as it is, when its penalty is this one.</summary>
    private CompletionScore Same(ScoredGroup group, int index, RewardComponent present)
    {
        if (Penalty(group, index) is not { } penalty || SameReward.Is(present.Weighted, penalty * _weight)) return group.Scores[index];
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"Expected one penalty '{ComponentName}' for example '{group.Group.Example.Id}', completion {index}, got two that differ: "
            + $"{present.Weight} · {present.Value} of the suite and {_weight} · {penalty} of the reward control (limit {_limit}, "
            + $"buffer {_buffer}). "
            + $"Leave one out, or give both the same limit, buffer and weight."));
    }

    private double? Penalty(ScoredGroup group, int index)
        => group.IsDemonstration(index) ? null : LengthRewards.Overlong(group.Group.Completions[index].TokenIds.Count, _limit, _buffer);
}
