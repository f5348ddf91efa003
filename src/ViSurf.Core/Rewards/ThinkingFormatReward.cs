using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>1 when the whole completion is a think block followed by an answer block, else 0 (VisionReasoner's thinking format).</summary>
/// <remarks>A label has no think block and scores 0 by itself; ViSurf's reward control says so explicitly as well.</remarks>
public sealed class ThinkingFormatReward : IRewardFunction
{
    /// <summary>"thinking_format".</summary>
    public const string ComponentName = "thinking_format";

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double? Score(VisionExample example, Completion completion)
        => ThinkAnswerText.IsThinkThenAnswer(Guard.NotNull(completion).Text) ? 1 : 0;
}
