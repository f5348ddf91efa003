using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>Group policies from lambdas and from other policies, and the plain filters.</summary>
public static class GroupPolicy
{
    /// <summary>Learns from every group.</summary>
    public static IGroupPolicy None { get; } = new Lambda(groups => new GroupSelection(groups, []));

    /// <summary>
    /// Leaves out groups whose completions all have the same total, their labels included, or that nothing could judge: nobody is better
    /// than anybody (DAPO, arXiv 2503.14476, §3.2, without its resampling, which is <c>Retries.Uniform</c>). Sizes and means are then taken
    /// over the groups that remain.
    /// </summary>
    public static IGroupPolicy SkipUniform { get; } = Filter(group => UniformReason(group));

    /// <summary>A policy from a function; see <see cref="IGroupPolicy.Select"/>.</summary>
    public static IGroupPolicy From(Func<IReadOnlyList<ScoredGroup>, GroupSelection> select) => new Lambda(Guard.NotNull(select));

    /// <summary>Policies one after the other; an empty chain learns from every group.</summary>
    public static IGroupPolicy Chain(params IEnumerable<IGroupPolicy> policies)
        => new Links([.. Guard.NotNull(policies).Select(p => Guard.NotNull(p))]);

    /// <summary>Leaves groups out one by one.</summary>
    /// <param name="reason">Why a group is left out, or null to keep it.</param>
    public static IGroupPolicy Filter(Func<ScoredGroup, string?> reason)
    {
        Guard.NotNull(reason);
        return From(groups =>
        {
            var reasons = groups.Select(group => group.Scores.Count == 0 ? null : reason(group)).ToArray();
            return new GroupSelection(
                groups.Select((group, q) => reasons[q] is null ? group : Without(group)).ToArray(),
                groups.Zip(reasons).Where(x => x.Second is not null).Select(x => new SkippedGroup(x.First.Group.Example.Id, x.Second!)).ToArray());
        });
    }

    /// <summary>
    /// Keeps groups whose rollouts have a mean strictly between two bounds: neither too hard nor too easy (EasyR1 <c>online_filtering</c>).
    /// </summary>
    /// <param name="low">0.01 in EasyR1.</param>
    /// <param name="high">0.99 in EasyR1.</param>
    /// <param name="component">
    /// The reward whose mean counts (values that do not apply are left out); null for the total of what was judged.
    /// </param>
    public static IGroupPolicy MeanBetween(double low, double high, string? component = null) => Filter(group =>
    {
        var values = component is null ? group.RolloutTotals
            : [.. group.RolloutScores.Select(score => score.Find(component)?.Value).OfType<double>()];
        if (values.Length == 0) return component is null ? UnjudgedReason(group) : null;
        var mean = values.Sum() / values.Length;
        return mean > low && mean < high ? null
            : string.Create(CultureInfo.InvariantCulture, $"the mean {component ?? "total"} of its rollouts is {mean:0.###}, outside ({low:0.###}, {high:0.###})");
    });

    /// <summary>Why nobody in the group is better than anybody, or null.</summary>
    public static string? UniformReason(ScoredGroup group)
    {
        if (UnjudgedReason(Guard.NotNull(group)) is { } unjudged) return unjudged;
        var totals = group.TotalsOf(_ => true);
        if (!SameReward.IsAll(totals)) return null;
        var which = totals.Length == group.Scores.Count ? "completions" : $"judged ones of {group.Scores.Count} completions";
        return string.Create(CultureInfo.InvariantCulture, $"all {totals.Length} {which} scored {totals[0]:0.###}");
    }

    private static string? UnjudgedReason(ScoredGroup group)
        => group.Scores.Count > 0 && !group.Scores.Any(score => score.IsScored)
            ? $"nothing could judge any of its {group.Scores.Count} completions" : null;

    /// <summary>The group with no completions: left out.</summary>
    internal static ScoredGroup Without(ScoredGroup group) => Keep(group, _ => false);

    /// <summary>The group with the completions that <paramref name="keep"/> is true for, by index.</summary>
    internal static ScoredGroup Keep(ScoredGroup group, Func<int, bool> keep) => group with
    {
        Group = group.Group with { Completions = group.Group.Completions.Where((_, i) => keep(i)).ToArray() },
        Scores = group.Scores.Where((_, i) => keep(i)).ToArray(),
    };

    private sealed class Links(IReadOnlyList<IGroupPolicy> links) : IGroupPolicy, IWrapper
    {
        IEnumerable<object> IWrapper.Inner => links;

        public GroupSelection Select(IReadOnlyList<ScoredGroup> groups)
            => links.Aggregate(new GroupSelection(Guard.NotNull(groups), []), (selection, link) =>
            {
                var next = link.Select(selection.Groups);
                return Whole(new GroupSelection(next.Groups, [.. selection.Skipped, .. next.Skipped]), groups);
            });
    }

    private static GroupSelection Whole(GroupSelection selection, IReadOnlyList<ScoredGroup> groups)
        => selection.Groups.Count == groups.Count
            ? selection
            : throw new InvalidOperationException(
                $"Expected a group policy to return {groups.Count} groups, got {selection.Groups.Count}. A group that is left out stays, "
                    + $"without completions.");

    private sealed class Lambda(Func<IReadOnlyList<ScoredGroup>, GroupSelection> select) : IGroupPolicy
    {
        public GroupSelection Select(IReadOnlyList<ScoredGroup> groups) => Whole(select(Guard.NotNull(groups)), groups);
    }
}
