using System.Text;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Full marks when the answer equals a <see cref="TextTarget"/>, else 0. Both are compared without case, without blanks at the ends
/// and with every run of blanks inside as one. Applies to text labels only.
/// </summary>
public sealed class ExactAnswerReward : IRewardFunction
{
    /// <summary>A reward worth <paramref name="maximum"/> when right.</summary>
    /// <param name="maximum">
    /// 1 by default. In a mixed data set, 5 makes a text row's total as large as a grounding row's (answer format 2 + accuracy 3).
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maximum"/> is not positive.</exception>
    public ExactAnswerReward(double maximum = 1.0) => Maximum = Guard.Positive(maximum);

    /// <summary>"exact_answer".</summary>
    public const string ComponentName = "exact_answer";

    /// <summary>Whether a completion without answer tags is compared as a whole.</summary>
    /// <value>true, so that a policy that answers without tags can be trained; false makes the tags a condition.</value>
    public bool AcceptBareText { get; init; } = true;

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double Maximum { get; }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The label is blank.</exception>
    public double? Score(VisionExample example, Completion completion)
    {
        if (Guard.NotNull(example).Target is not TextTarget target) return null;
        var label = Normalize(target.Text);
        if (label.Length == 0)
            throw new InvalidDataException("Expected a text label with at least one visible character, got a blank one.");
        var text = Guard.NotNull(completion).Text;
        if (!ThinkAnswerText.TryAnswer(text, out var answer))
        {
            if (!AcceptBareText) return 0;
            answer = text;
        }
        return Normalize(answer) == label ? Maximum : 0;
    }

    /// <summary>Without case and outer blanks, every run of blanks as one.</summary>
    internal static string Normalize(ReadOnlySpan<char> text)
    {
        var normal = new StringBuilder();
        foreach (var c in ThinkAnswerText.Trim(text))
        {
            if (!ThinkAnswerText.IsBlank(c)) normal.Append(char.ToLowerInvariant(c));
            else if (normal[^1] != ' ') normal.Append(' ');
        }
        return normal.ToString();
    }
}
