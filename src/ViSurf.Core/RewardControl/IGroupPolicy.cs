using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Decides what a step learns from, with all its groups in view: after reward control, before advantages. A chain is a policy.
/// </summary>
public interface IGroupPolicy
{
    /// <summary>
    /// Returns one group per group, in order. A group may have lost completions, all of them when it is left out, or be another one, also of
    /// another example; the input is not changed.
    /// </summary>
    GroupSelection Select(IReadOnlyList<ScoredGroup> groups);
}

/// <summary>A group that a step does not learn from.</summary>
/// <param name="ExampleId">Its example.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record SkippedGroup(string ExampleId, string Reason);

/// <summary>What a group policy decided.</summary>
/// <param name="Groups">One per group of the step, in order; one that is left out has no completions.</param>
/// <param name="Skipped">Groups that were left out or replaced, each with its reason.</param>
public sealed record GroupSelection(IReadOnlyList<ScoredGroup> Groups, IReadOnlyList<SkippedGroup> Skipped);
