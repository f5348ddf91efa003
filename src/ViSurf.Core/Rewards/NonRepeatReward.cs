using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// 0 when two or more sentences repeat an earlier one, else 1 (VisionReasoner's non-repeat reward). Sentences are what stands
/// between full stops, trimmed; blank ones do not count.
/// </summary>
public sealed class NonRepeatReward : IRewardFunction
{
    /// <summary>"non_repeat".</summary>
    public const string ComponentName = "non_repeat";

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double? Score(VisionExample example, Completion completion)
    {
        var text = Guard.NotNull(completion).Text.AsSpan();
        var seen = new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        var repeats = 0;
        foreach (var range in text.Split('.'))
        {
            var sentence = ThinkAnswerText.Trim(text[range]);
            if (sentence.IsEmpty || seen.Add(sentence)) continue;
            if (++repeats == 2) return 0;
        }
        return 1;
    }
}
