using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// 1 when the answer says rightly whether anything is there, else 0: the reward form of N-Acc and T-Acc, and of anomaly detection, where an
/// empty list means a normal picture. Applies to grounding and detection labels; an answer that cannot be read scores 0.
/// </summary>
public sealed class PresenceReward : IRewardFunction
{
    /// <summary>"presence".</summary>
    public const string ComponentName = "presence";

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double? Score(VisionExample example, Completion completion)
    {
        if (DetectionRewards.Label(Guard.NotNull(example).Target) is not var (objects, form)) return null;
        LabelGuard.Boxes(objects.Select(o => o.Box));
        return DetectionAnswer.FromText(Guard.NotNull(completion).Text, form, acceptBareText: false) is { } predicted && predicted.Count > 0 == objects.Count > 0 ? 1 : 0;
    }
}
