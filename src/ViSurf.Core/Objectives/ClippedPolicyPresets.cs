namespace ViSurf.Core.Objectives;

/// <summary>Members of the clipped family by the names people know; each is these options with other numbers, not other code.</summary>
public sealed partial record ClippedPolicyOptions
{
    /// <summary>GRPO (arXiv 2402.03300, eq. 3): clip 0.2, mean over a sequence's tokens, then over sequences.</summary>
    public static ClippedPolicyOptions Grpo { get; } = new();

    /// <summary>
    /// BNPO as TRL names it: GRPO with the mean over all tokens. TRL divides by the tokens of the local micro-batch, so that its loss depends
    /// on how a step is cut; here it is always the whole step, which makes it <see cref="Dapo"/> with a symmetric clip.
    /// </summary>
    public static ClippedPolicyOptions Bnpo { get; } = new() { Aggregation = LossAggregation.TokenMean };

    /// <summary>Dr. GRPO (arXiv 2503.20783): tokens are summed and divided by a constant, so that length has no say. Advantages without a deviation go with it.</summary>
    public static ClippedPolicyOptions DrGrpo { get; } = new() { Aggregation = LossAggregation.Constant };

    /// <summary>DAPO (arXiv 2503.14476, eq. 8): "clip higher", 0.2 and 0.28, and the mean over all tokens.</summary>
    public static ClippedPolicyOptions Dapo { get; } = new() { ClipHigh = 0.28, Aggregation = LossAggregation.TokenMean };

    /// <summary>
    /// GSPO (arXiv 2507.18071, eq. 5–7): one ratio per sequence, s = exp(mean_t log ρ_t), in a clip three orders narrower, 3e-4 and 4e-4,
    /// because a mean of many log-ratios moves that much less than each (the paper's §5.1).
    /// </summary>
    public static ClippedPolicyOptions Gspo { get; } = new() { RatioLevel = RatioLevel.Sequence, ClipLow = 3e-4, ClipHigh = 4e-4 };

    /// <summary>
    /// LUSPO (arXiv 2602.05261): GSPO whose sequences weigh as many times as they have tokens, which removes GSPO's preference for short
    /// answers. Clip 2e-3 and 2.5e-3 (the paper's §5.1).
    /// </summary>
    public static ClippedPolicyOptions Luspo { get; } = new()
    {
        RatioLevel = RatioLevel.Sequence,
        ClipLow = 2e-3,
        ClipHigh = 2.5e-3,
        Aggregation = LossAggregation.SequenceSum,
    };
}
