using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Evaluation;

/// <summary>The answer that most completions give (self-consistency, Wang et al. 2022).</summary>
public static class MajorityVote
{
    /// <summary>
    /// The first completion with the most frequent key. Of equally frequent keys the one that was given first wins, as in Python's
    /// <c>Counter.most_common</c>. A completion without a key does not vote; when none votes, the first completion wins.
    /// </summary>
    /// <param name="completions">At least one.</param>
    /// <param name="key">What makes two answers the same; null means <see cref="Key"/>.</param>
    public static Completion Winner(IReadOnlyList<Completion> completions, Func<Completion, string?>? key = null)
    {
        var keys = Guard.NotNull(completions).Select(key ?? Key).ToArray();
        var votes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var vote in keys.OfType<string>()) votes[vote] = votes.GetValueOrDefault(vote) + 1;
        if (votes.Count == 0) return completions[0];
        var most = votes.Values.Max();
        return completions[Array.FindIndex(keys, vote => vote is not null && votes[vote] == most)];
    }

    /// <summary>
    /// The answer (the answer block, or what follows the thoughts) without case, outer blanks and repeated blanks; a number as its value, so that
    /// "1,000" and "1000.0" are one. null for an empty answer.
    /// </summary>
    public static string? Key(Completion completion)
    {
        AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText: true, out var answer);
        if (NumberText.TryParse(answer, out var number, out var isPercent)) return number.ToString("R", CultureInfo.InvariantCulture) + (isPercent ? "%" : "");
        return answer.Length == 0 ? null : ExactAnswerReward.Normalize(answer);
    }
}
