using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Measures;

namespace FineTune.Settings;

/// <summary>The rewards a settings file can name; the number is the longer side of the pictures, in pixels.</summary>
internal static class RewardNames
{
    public static IReadOnlyDictionary<string, Func<double, RewardSuite>> All { get; } = new Dictionary<string, Func<double, RewardSuite>>
    {
        ["ViSurf"] = RewardPresets.ViSurfNonObject,
        ["VisionReasoner"] = RewardPresets.VisionReasoner,
        ["SegZero"] = RewardPresets.SegZero,
        ["SegZeroMath"] = _ => RewardPresets.SegZeroMath(),
        ["VisualRftDetection"] = _ => RewardPresets.VisualRftDetection(),
        ["VisualRftClassification"] = _ => RewardPresets.VisualRftClassification(),
        ["VisualRftGrounding"] = _ => RewardPresets.VisualRftGrounding(),
        ["VlmR1Rec"] = _ => RewardPresets.VlmR1Rec(),
        ["VlmR1Map"] = _ => RewardPresets.VlmR1Map(),
        ["VlmR1WeightedDetection"] = _ => RewardPresets.VlmR1WeightedDetection(),
        ["CocoDetection"] = _ => RewardPresets.CocoDetection(),
        ["EasyR1Math"] = _ => RewardPresets.EasyR1Math(),
        ["EasyR1Vision"] = _ => RewardPresets.EasyR1Vision(),
        ["GuiPoint"] = _ => RewardPresets.GuiPoint(),
        ["GuiR1"] = _ => RewardPresets.GuiR1(),
        ["Anomaly"] = _ => RewardPresets.Anomaly(),
        ["ExactAnswer"] = _ => RewardPresets.ShortAnswer(new ExactAnswerReward()),
        ["Anls"] = _ => RewardPresets.ShortAnswer(TextRewards.Anls()),
    };
}
