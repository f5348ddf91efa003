using ViSurf.Core.Common;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Rewards for read and written text; of several accepted answers the best match counts. They apply to labels in words. An answer more than four times as long as
/// the label (and longer than 256 characters) scores 0 without being compared: its similarity would be below a quarter, and comparing it would take long.
/// </summary>
public static class TextRewards
{
    /// <summary>
    /// Average normalised Levenshtein similarity (DocVQA): 1 − d where the edit distance divided by the longer length, d, is below the threshold, else 0.
    /// Without case and outer blanks. 0 to 1.
    /// </summary>
    /// <param name="threshold">0.5.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Anls(double threshold = 0.5, bool acceptBareText = true)
        => From("anls", acceptBareText, (answer, label) => EditDistance.Normalized(answer.ToLowerInvariant(), label.ToLowerInvariant()) is var d && d < threshold ? 1 - d : 0);

    /// <summary>
    /// ChartQA's relaxed accuracy, 0 or 1: numbers within <paramref name="tolerance"/> of the label, anything else equal without case. A number with a
    /// percent sign is divided by 100; a label of 0 asks for 0.
    /// </summary>
    /// <param name="tolerance">A share of the label, finite, 0 or more. 0.05.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Relaxed(double tolerance = 0.05, bool acceptBareText = true)
    {
        Guard.NotNegative(Guard.Finite(tolerance), nameof(tolerance));
        return From("relaxed", acceptBareText, (answer, label) => IsRelaxedMatch(answer, label, tolerance) ? 1 : 0);
    }

    /// <summary>1 − edit distance / longer length, case and all (OCR). 0 to 1.</summary>
    /// <param name="words">Whether words are compared instead of characters.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Ocr(bool words = false, bool acceptBareText = true)
        => From("ocr", acceptBareText, (answer, label) => answer.Length == 0 ? 0 : 1 - (words ? EditDistance.NormalizedWords(answer, label) : EditDistance.Normalized(answer, label)));

    private static bool IsRelaxedMatch(string answer, string label, double tolerance)
    {
        if (!NumberText.TryParse(answer, out var given, out var givenPercent) || !NumberText.TryParse(label, out var wanted, out var wantedPercent))
            return answer.Equals(label, StringComparison.OrdinalIgnoreCase);
        if (givenPercent) given /= 100;
        if (wantedPercent) wanted /= 100;
        return Closeness.Within(given, wanted, tolerance * Math.Abs(wanted));
    }

    private static IRewardFunction From(string name, bool acceptBareText, Func<string, string, double> score)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            if (!AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText, out var answer)) return 0;
            var best = 0.0;
            foreach (var label in labels)
                if (answer.Length <= Math.Max(256, 4 * label.Length)) best = Math.Max(best, score(answer.ToString(), label.Trim()));
            return best;
        });
}
