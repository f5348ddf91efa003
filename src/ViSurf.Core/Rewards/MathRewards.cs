using ViSurf.Core.Common;
using ViSurf.Core.Rewards.Algebra;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>Rewards for mathematics with a boxed answer. They apply to labels in words. A label is written with <c>\boxed{</c> and <c>}</c> as prefix and suffix of its format.</summary>
public static class MathRewards
{
    /// <summary>1 when the last <c>\boxed{…}</c> equals the label, else 0. See <see cref="MathEquivalence"/>.</summary>
    /// <param name="grading">MathRuler's verdicts by default, so that results compare with EasyR1's; <see cref="MathGrading.Value"/> also takes unreduced fractions.</param>
    /// <param name="wrong">What a boxed answer that is wrong earns. 0; Seg-Zero gives 0.1.</param>
    public static IRewardFunction Accuracy(MathGrading grading = MathGrading.MathRuler, double wrong = 0)
    {
        Guard.InRange(wrong, 0, 1);
        return RewardFunction.From("math", (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            if (BoxedText.Last(Guard.NotNull(completion).Text) is not { } boxed) return 0;
            return labels.Any(label => MathEquivalence.AreEqual(boxed, label, grading)) ? 1 : wrong;
        });
    }

    /// <summary>
    /// 1 when the answer equals the label as <see cref="Accuracy"/> compares, else 0 (EasyR1's r1v): the first answer block that stands on
    /// one line, or the whole text where there is none.
    /// </summary>
    public static IRewardFunction Tagged(MathGrading grading = MathGrading.MathRuler)
        => RewardFunction.From("math", (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            var isTagged = ThinkAnswerText.TryAnswerOnOneLine(Guard.NotNull(completion).Text, out var answer);
            var given = (isTagged ? answer : ThinkAnswerText.Trim(completion.Text)).ToString();
            return given.Length > 0 && labels.Any(label => MathEquivalence.AreEqual(given, label.Trim(), grading)) ? 1 : 0;
        });

    /// <summary>
    /// 1 for a think block followed by a boxed answer anywhere, else 0 (EasyR1). Its component is called "thinking_format", because a label, which has no thoughts,
    /// cannot have it.
    /// </summary>
    public static IRewardFunction Format()
        => RewardFunction.From(ThinkingFormatReward.ComponentName, (example, completion)
            => LabelGuard.Answers(Guard.NotNull(example).Target) is null ? null : BoxedText.IsThinkThenBoxed(Guard.NotNull(completion).Text) ? 1 : 0);

    /// <summary>
    /// 1 when what follows the last "Answer:" near the end has the label's normal form, else −1 (DAPO, as verl and EasyR1 grade it):
    /// Minerva's form, in which nothing is evaluated, so that 0.5 is not \frac{1}{2}.
    /// </summary>
    public static IRewardFunction DapoAnswer()
        => RewardFunction.From("answer_line", (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            if (Parsing.DapoAnswer.Find(Guard.NotNull(completion).Text) is not { } answer) return -1;
            var given = Parsing.DapoAnswer.Normalize(answer);
            return labels.Any(label => Parsing.DapoAnswer.Normalize(label) == given) ? 1 : -1;
        }, 1, -1);

    /// <summary>
    /// 1 when what follows the last "Answer:" near the end equals the label as <see cref="Accuracy"/> compares, else −1. See
    /// <see cref="AnswerText.AfterAnswerColon"/>; DAPO's own comparison is <see cref="DapoAnswer"/>.
    /// </summary>
    public static IRewardFunction AnswerLine(MathGrading grading = MathGrading.MathRuler)
        => RewardFunction.From("answer_line", (example, completion) =>
        {
            if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
            return AnswerText.AfterAnswerColon(Guard.NotNull(completion).Text) is { Length: > 0 } answer && labels.Any(label => MathEquivalence.AreEqual(answer, label, grading)) ? 1 : -1;
        }, 1, -1);
}
