using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Sets a named component of the label to 0 and leaves the rollouts alone (ViSurf, second strategy: a label has no thoughts, so it
/// gets nothing for their format).
/// </summary>
public sealed class DropComponent : IRewardController
{
    private readonly string _name;
    private readonly bool _required;

    /// <summary>Drops one component.</summary>
    /// <param name="name">The reward's name.</param>
    /// <param name="required">
    /// Whether a group with a label but without that component is an error. true by default: a misspelt name would leave the label
    /// its reward without a word.
    /// </param>
    public DropComponent(string name, bool required = true) => (_name, _required) = (Guard.NotBlank(name), required);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The component is required and missing; the message lists those there are.</exception>
    public ScoredGroup Control(ScoredGroup group)
    {
        Guard.NotNull(group);
        var scores = group.Scores.Select((score, i) => group.IsDemonstration(i) ? Drop(score, group) : score).ToArray();
        return group with { Scores = scores };
    }

    private CompletionScore Drop(CompletionScore score, ScoredGroup group)
    {
        if (score.Find(_name) is null)
        {
            if (!_required) return score;
            throw new InvalidOperationException(
                $"Expected a reward component '{_name}' to drop on the label of example '{group.Group.Example.Id}', " +
                $"got [{string.Join(", ", score.Components.Select(c => c.Name))}]. Correct the name, or say required: false.");
        }
        // A component that does not apply stays so: it counts nothing either way, and reports can tell the two apart.
        return score with { Components = score.Components.Select(c => c.Name == _name && c.Value is not null ? c with { Value = 0 } : c).ToArray() };
    }
}
