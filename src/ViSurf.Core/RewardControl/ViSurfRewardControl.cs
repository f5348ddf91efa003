using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// The reward control of ViSurf (arXiv 2510.10606, §3.3): the label loses its reward for thinking, then it is smoothed. The first
/// of the paper's three strategies, writing the label as the policy writes, is <see cref="Data.LabelFormat"/>.
/// </summary>
public sealed class ViSurfRewardControl : IRewardController
{
    private readonly IRewardController _chain;

    /// <summary>The paper's chain.</summary>
    /// <param name="drop">
    /// Components the label gets nothing for; null for <c>thinking_format</c> where the suite has it (a suite without thoughts is
    /// fine). Names given here must exist.
    /// </param>
    /// <param name="compareOn">See <see cref="SmoothDemonstration.CompareOn"/>; null compares totals, as the paper does.</param>
    public ViSurfRewardControl(IReadOnlyList<string>? drop = null, IReadOnlyList<string>? compareOn = null)
    {
        var droppers = drop is null
            ? [new DropComponent(ThinkingFormatReward.ComponentName, required: false)]
            : drop.Select(name => new DropComponent(name)).ToArray();
        _chain = RewardController.Chain([.. droppers, new SmoothDemonstration { CompareOn = compareOn ?? [] }]);
    }

    /// <inheritdoc/>
    public ScoredGroup Control(ScoredGroup group) => _chain.Control(Guard.NotNull(group));
}
