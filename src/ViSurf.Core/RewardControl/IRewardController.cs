using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>Changes the scores of a group before advantages are computed (ViSurf's reward control). A chain is a controller.</summary>
public interface IRewardController
{
    /// <summary>Returns a new group with the same completions in the same order; the input is not changed.</summary>
    ScoredGroup Control(ScoredGroup group);
}
