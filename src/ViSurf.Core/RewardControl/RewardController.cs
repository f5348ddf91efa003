using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>Controllers from lambdas and from other controllers.</summary>
public static class RewardController
{
    /// <summary>Leaves every group as it is: plain RLVR or SFT.</summary>
    public static IRewardController None { get; } = new Lambda(group => group);

    /// <summary>A controller from a function; see <see cref="IRewardController.Control"/>.</summary>
    public static IRewardController From(Func<ScoredGroup, ScoredGroup> control) => new Lambda(Guard.NotNull(control));

    /// <summary>Controllers one after the other; an empty chain changes nothing.</summary>
    public static IRewardController Chain(params IEnumerable<IRewardController> controllers)
    {
        var links = Guard.NotNull(controllers).Select(c => Guard.NotNull(c)).ToArray();
        return From(group => links.Aggregate(group, (current, link) => link.Control(current)));
    }

    private sealed class Lambda(Func<ScoredGroup, ScoredGroup> control) : IRewardController
    {
        public ScoredGroup Control(ScoredGroup group)
        {
            var controlled = control(Guard.NotNull(group));
            if (controlled is null || !ReferenceEquals(controlled.Group, group.Group) || controlled.Scores.Count != group.Scores.Count)
                throw new InvalidOperationException(
                    $"Expected a reward controller to return the completions it was given, in the same order, for example '{group.Group.Example.Id}'; " +
                    $"got {(controlled is null ? "null" : "another group")}. Change the scores only.");
            return controlled;
        }
    }
}
