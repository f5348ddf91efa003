using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>
/// Asked after each attempt at a group: another example to roll out in its place, or null to keep the group. The same example is rolled out with
/// other random numbers. It ends when it returns null, so it must look at the attempt.
/// </summary>
/// <param name="example">The example of the step, whatever took its place since.</param>
/// <param name="group">The group, after reward control.</param>
/// <param name="attempt">0 for the first rollout of the step.</param>
public delegate VisionExample? RollAgain(VisionExample example, ScoredGroup group, int attempt);

/// <summary>The known reasons to roll out again.</summary>
public static class Retries
{
    /// <summary>
    /// DAPO's dynamic sampling (arXiv 2503.14476, §3.2): a group in which all totals are equal is replaced, until it teaches something or the
    /// attempts are spent; <see cref="GroupPolicy.SkipUniform"/> then leaves it out.
    /// </summary>
    /// <param name="attempts">Most rollouts after the first, greater than 0. verl's <c>max_num_gen_batches</c> is 10.</param>
    /// <param name="fresh">
    /// Draws another example, as DAPO does. Null rolls the same example out again, which favours the rare mixed groups of examples that are nearly
    /// always or nearly never solved.
    /// </param>
    public static RollAgain Uniform(int attempts = 10, Func<VisionExample>? fresh = null)
    {
        Guard.Positive(attempts);
        return (example, group, attempt) => attempt >= attempts || GroupPolicy.UniformReason(group) is null ? null : fresh?.Invoke() ?? example;
    }

    /// <summary>
    /// GHPO (arXiv 2507.10628): a group whose rollouts all fail is asked again with the beginning of the answer in the prompt, more of it each
    /// time. The hint is prompt: there is no loss on it, and the group is otherwise a group like any other.
    /// </summary>
    /// <param name="rightFrom">A rollout with at least this total does not fail.</param>
    /// <param name="format">How the label is written, as the policy would write it.</param>
    /// <param name="fractions">How much of the answer's characters, attempt by attempt, each in (0, 1]. Null for 0.25, 0.5, 0.75.</param>
    /// <param name="hint">Puts the beginning into words. Null for a sentence in English.</param>
    public static RollAgain Hinted(double rightFrom, LabelFormat format, IReadOnlyList<double>? fractions = null, Func<string, string>? hint = null)
    {
        Guard.NotNull(format);
        var shares = fractions ?? [0.25, 0.5, 0.75];
        foreach (var share in shares) Guard.InRange(Guard.Positive(share), 0.0, 1.0);
        var words = hint ?? (begin => $"\n\nHint: the answer begins with {begin}");
        return (example, group, attempt) =>
        {
            if (attempt >= shares.Count || example.Target is not { } target || !Fails(group, rightFrom)) return null;
            var answer = new StringInfo(format.Write(target));
            var length = Math.Max(1, (int)Math.Round(shares[attempt] * answer.LengthInTextElements));
            return WithHint(example, words(answer.SubstringByTextElements(0, length)));
        };
    }

    private static bool Fails(ScoredGroup group, double rightFrom)
        => group.RolloutTotals is { Length: > 0 } totals && totals.All(total => total < rightFrom);

    /// <summary>The words go behind the last turn of the user.</summary>
    private static VisionExample WithHint(VisionExample example, string words)
    {
        var last = example.Turns.Select((turn, i) => (turn, i)).Last(x => x.turn.Role == "user").i;
        return example with
        {
            Turns = example.Turns.Select((turn, i) => i == last ? turn with { Parts = [.. turn.Parts, ChatPart.OfText(words)] } : turn).ToArray(),
        };
    }
}
