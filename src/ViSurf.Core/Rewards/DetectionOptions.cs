using ViSurf.Core.Common;
using ViSurf.Core.Rewards.Measures;

namespace ViSurf.Core.Rewards;

/// <summary>How detections are read and compared.</summary>
public sealed record DetectionOptions
{
    /// <summary>From which overlap a prediction can match an object, in [0, 1].</summary>
    /// <value>0.5.</value>
    public double MinimumOverlap { get; init => field = Guard.InRange(value, 0, 1); } = 0.5;

    /// <summary>Whether exactly <see cref="MinimumOverlap"/> matches.</summary>
    /// <value>false: above it, as in Visual-RFT.</value>
    public bool ThresholdIncluded { get; init; }

    /// <summary>What a coordinate means.</summary>
    /// <value><see cref="PixelConvention.Continuous"/>.</value>
    public PixelConvention Convention { get; init; } = PixelConvention.Continuous;

    /// <summary>What "nothing there" earns when the label is empty as well; when exactly one of the two is empty the score is 0.</summary>
    /// <value>true: the maximum. false: 0, so that empty pictures teach nothing.</value>
    public bool EmptyMatchesEmpty { get; init; } = true;

    /// <summary>Whether a prediction of another class can match.</summary>
    /// <value>false. A label without a class matches every prediction.</value>
    public bool IgnoreClasses { get; init; }

    /// <summary>Whether scores are multiplied with min(1, objects / predictions), so that every surplus box costs (VLM-R1's length-aware form).</summary>
    /// <value>false.</value>
    public bool LengthAware { get; init; }

    /// <summary>Whether single quotes, doubled brackets and lists that were cut off are mended first, as Visual-RFT does.</summary>
    /// <value>false: mending pays for malformed answers.</value>
    public bool Repair { get; init; }

    /// <summary>Whether answer tags may be missing.</summary>
    /// <value>true.</value>
    public bool AcceptBareText { get; init; } = true;

    internal bool IsMatch(double overlap) => ThresholdIncluded ? overlap >= MinimumOverlap : overlap > MinimumOverlap;
}
