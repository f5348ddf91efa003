using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// VisionReasoner's answer format, 0 to 2: the answer block holds a JSON list; per element one mark for a <c>bbox_2d</c> of four and
/// one for a <c>point_2d</c> of two, averaged over the elements. Applies to grounding labels only.
/// </summary>
public sealed class GroundingFormatReward : IRewardFunction
{
    /// <summary>"answer_format".</summary>
    public const string ComponentName = "answer_format";

    /// <summary>Whether an empty list is a well-formed answer worth 2.</summary>
    /// <value>true: ViSurf trains on pictures in which nothing fits. false is stock VisionReasoner, which gives 0.</value>
    public bool EmptyMatchesEmpty { get; init; } = true;

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double Maximum => 2;

    /// <inheritdoc/>
    public double? Score(VisionExample example, Completion completion)
    {
        if (Guard.NotNull(example).Target is not GroundingTarget) return null;
        if (GroundingAnswer.FromText(Guard.NotNull(completion).Text) is not { } answer) return 0;
        return answer.Count == 0 && EmptyMatchesEmpty ? Maximum : answer.MarksPerElement;
    }
}
