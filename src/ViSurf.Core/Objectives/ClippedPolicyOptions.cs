using ViSurf.Core.Common;

namespace ViSurf.Core.Objectives;

/// <summary>Knobs of <see cref="ClippedPolicyObjective"/>.</summary>
public sealed partial record ClippedPolicyOptions
{
    /// <summary>ε_low: a ratio below 1 − ε_low earns nothing more when the advantage is negative. In [0, 1].</summary>
    /// <value>0.2, as in PPO and GRPO.</value>
    public double ClipLow { get; init => field = Guard.InRange(value, 0.0, 1.0); } = 0.2;

    /// <summary>ε_high: a ratio above 1 + ε_high earns nothing more when the advantage is positive. At least 0.</summary>
    /// <value>0.2, symmetric; DAPO (arXiv 2503.14476) takes 0.28 against entropy collapse.</value>
    public double ClipHigh { get; init => field = Guard.NotNegative(value); } = 0.2;

    /// <summary>
    /// Largest ratio that a negative advantage may be multiplied by; null for no limit. Greater than 1 + ε_high. The two-sided clip of
    /// INTELLECT-2 (arXiv 2505.07291; TRL <c>delta</c>) and the dual clip of arXiv 1912.09729 (verl <c>clip_ratio_c</c>) are this same number.
    /// </summary>
    /// <value>null, as in the papers; INTELLECT-2 takes 4, verl and EasyR1 take 3.</value>
    public double? RatioCap { get; init => field = value is { } cap ? Guard.Positive(cap) : null; }

    /// <summary>Token or sequence ratios.</summary>
    /// <value><see cref="RatioLevel.Token"/>, as in the ViSurf paper.</value>
    public RatioLevel RatioLevel { get; init; } = RatioLevel.Token;

    /// <summary>How token losses become one loss.</summary>
    /// <value><see cref="LossAggregation.SequenceMean"/>, as in the ViSurf paper.</value>
    public LossAggregation Aggregation { get; init; } = LossAggregation.SequenceMean;

    /// <summary>All of them, for <see cref="IDescribed"/>.</summary>
    internal string Text
        => FormattableString.Invariant($"clip {ClipLow} to {ClipHigh}, cap {(RatioCap is { } cap ? FormattableString.Invariant($"{cap}") : "none")}, {RatioLevel}, {Aggregation}");
}
