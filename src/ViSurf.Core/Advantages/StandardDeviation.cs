namespace ViSurf.Core.Advantages;

/// <summary>What a reward's distance from the mean is divided by.</summary>
public enum StandardDeviation
{
    /// <summary>Of the group, with n − 1 (unbiased): verl, TRL, VisionReasoner.</summary>
    Sample,

    /// <summary>Of the group, with n.</summary>
    Population,

    /// <summary>Nothing is divided: Dr. GRPO (arXiv 2503.20783).</summary>
    None,

    /// <summary>Of all rewards of the step, with n − 1, while the mean stays the group's: TRL's <c>scale_rewards="batch"</c>.</summary>
    Batch,
}
