using System.Text;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Rewards for short answers: a class, a letter, yes or no, a number, a count. They apply to labels in words (counts also to labels with boxes); the answer is the
/// answer block, or, where allowed, the text after the thoughts.
/// </summary>
public static class AnswerRewards
{
    /// <summary>1 when the answer names the class, else 0: compared without case, blanks and underscores.</summary>
    /// <param name="acceptContained">
    /// false (default): the answer is the class. true: one may contain the other, as in Visual-RFT; it pays for naming every class at once.
    /// </param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Classification(bool acceptContained = false, bool acceptBareText = true)
        => OfText("classification", acceptBareText, (answer, labels) =>
        {
            var given = Squeezed(answer);
            return given.Length > 0 && labels.Select(label => Squeezed(label)).Any(label => given == label
                || (acceptContained && (given.Contains(label, StringComparison.Ordinal) || label.Contains(given, StringComparison.Ordinal))));
        });

    /// <summary>1 for the right letter of a multiple-choice question, else 0. See <see cref="ChoiceText.Letter"/>.</summary>
    /// <param name="last">The last letter of the choices.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Choice(char last = 'Z', bool acceptBareText = true)
        => OfText("choice", acceptBareText, (answer, labels) =>
        {
            var right = labels.Select(label => ChoiceText.Letter(label, last)
                ?? throw new InvalidDataException($"Expected one letter from A to {last} in the label, such as 'B' or 'B. red', got '{label}'.")).ToArray();
            return ChoiceText.Letter(answer, last) is { } letter && right.Contains(letter);
        });

    /// <summary>1 for the right one of yes and no, else 0. See <see cref="ChoiceText.YesNo"/>.</summary>
    /// <param name="firstCounts">Whether the first decides when both occur, as in VLM-R1. Off by default.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction YesNo(bool firstCounts = false, bool acceptBareText = true)
        => OfText("yes_no", acceptBareText, (answer, labels) =>
        {
            var right = labels.Select(label => ChoiceText.YesNo(label)
                ?? throw new InvalidDataException($"Expected either yes or no in the label, got '{label}'.")).ToArray();
            return ChoiceText.YesNo(answer, firstCounts) is { } said && right.Contains(said);
        });

    /// <summary>1 when the answer is the number, else 0. See <see cref="NumberText"/>; "5%" is 5.</summary>
    /// <param name="absolute">Largest difference that is still right. 0: the number itself.</param>
    /// <param name="relative">Largest difference as a share of the label that is still right. 0.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Numeric(double absolute = 0, double relative = 0, bool acceptBareText = true)
    {
        Guard.NotNegative(Guard.Finite(absolute), nameof(absolute));
        Guard.NotNegative(Guard.Finite(relative), nameof(relative));
        return OfText("numeric", acceptBareText, (answer, labels) =>
        {
            var right = labels.Select(Number).ToArray();
            return NumberText.TryParse(answer, out var given)
                && right.Any(label => Closeness.Within(given, label, Math.Max(absolute, relative * Math.Abs(label))));
        });
    }

    /// <summary>
    /// Right count of objects. The label is a list of boxes, whose length is predicted by a list of boxes, or a number in words' place.
    /// </summary>
    /// <param name="exact">true (default): 1 or 0. false: max(0, 1 − |difference| / max(1, label)).</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Count(bool exact = true, bool acceptBareText = true)
        => RewardFunction.From("count", (example, completion) =>
        {
            if (Counts(Guard.NotNull(example).Target, Guard.NotNull(completion).Text, acceptBareText) is not var (label, given)) return null;
            if (given is not { } count) return 0;
            return exact ? count == label ? 1 : 0 : Math.Max(0, 1 - Math.Abs(count - label) / Math.Max(1, label));
        });

    private static (double Label, double? Given)? Counts(Target? target, string text, bool acceptBareText)
    {
        if (DetectionRewards.Label(target) is var (objects, form))
        {
            LabelGuard.Boxes(objects.Select(o => o.Box));
            return (objects.Count, DetectionAnswer.FromText(text, form, acceptBareText: acceptBareText)?.Count);
        }
        if (LabelGuard.Answers(target) is not { } labels) return null;
        var label = Number(labels[0]);
        if (label < 0 || label % 1 != 0) throw new InvalidDataException($"Expected a whole number from 0 up in the label of a count, got '{labels[0]}'.");
        return (label, AnswerText.TryFind(text, acceptBareText, out var answer) && NumberText.TryParse(answer, out var given) ? given : null);
    }

    private static double Number(string label)
        => NumberText.TryParse(label, out var number) ? number : throw new InvalidDataException($"Expected a number in the label, got '{label}'.");

    private static IRewardFunction OfText(string name, bool acceptBareText, Judge isRight)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            // A label is read whether or not there is an answer, so that a malformed one is found.
            var found = AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText, out var answer);
            return isRight(found ? answer : "", labels) ? 1 : 0;
        });

    private static string Squeezed(ReadOnlySpan<char> text)
    {
        var squeezed = new StringBuilder();
        foreach (var c in text)
            if (!ThinkAnswerText.IsBlank(c) && c != '_') squeezed.Append(char.ToLowerInvariant(c));
        return squeezed.ToString();
    }

    private delegate bool Judge(ReadOnlySpan<char> answer, IReadOnlyList<string> labels);
}
