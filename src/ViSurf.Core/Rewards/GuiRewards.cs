using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>Rewards for acting on a screen.</summary>
public static class GuiRewards
{
    /// <summary>
    /// 1 when the predicted point lies in a labelled box, edges included, else 0. The point is the first <c>[x, y]</c> or <c>(x, y)</c> of the answer,
    /// or the centre of its first box. Applies to grounding and detection labels with objects.
    /// </summary>
    /// <param name="anyCounts">
    /// false (default): the first point alone. true: any point or box centre, as ViSurf's evaluation counts; as a reward it pays for writing many points.
    /// </param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction PointInBox(bool anyCounts = false, bool acceptBareText = true)
        => RewardFunction.From("gui_point", (example, completion) =>
        {
            if (DetectionRewards.Label(Guard.NotNull(example).Target) is not { Objects: { Count: > 0 } objects }) return null;
            LabelGuard.Boxes(objects.Select(o => o.Box));
            if (!AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText, out var answer)) return 0;
            var (points, boxes) = Brackets.All(answer);
            var places = points.Concat(boxes.Select(Centre));
            return (anyCounts ? places : places.Take(1)).Any(place => objects.Any(o => Contains(o.Box, place))) ? 1 : 0;
        });

    /// <summary>
    /// GUI-R1's accuracy, 0 or 1: the first action of the answer block is the label's, and for a click the last point written is less than
    /// <paramref name="radius"/> from the labelled point or strictly inside the labelled box, for type, select and scroll the words agree
    /// with F1 of 0.5 or more. Other actions need no more. They are found by their keys; the rest need not be a list. Applies to GUI action
    /// labels.
    /// </summary>
    /// <remarks>As in its code, but for two things: keys may have double quotes too, as labels are written, and a click without a point
    /// is no click on [0, 0].</remarks>
    /// <param name="radius">140 pixels, as in GUI-R1.</param>
    public static IRewardFunction Action(double radius = 140)
    {
        Guard.Positive(Guard.Finite(radius), nameof(radius));
        return From("gui_action", (text, label) => GuiR1Answer.FromText(text) is { } answer && IsRight(answer, label, radius));
    }

    /// <summary>
    /// 0 or 1: the answer is a list of actions with a point of whole numbers and a text where the action needs one; a scroll has a
    /// direction.
    /// </summary>
    public static IRewardFunction Format()
        => From("gui_format", (text, _) => GuiActionAnswer.FromText(text) is { } answers && answers.All(a => a.IsComplete));

    /// <summary>
    /// GUI-R1's format, 0 or 1: thoughts and an answer and nothing else, the answer a list of actions, each with a point of whole numbers
    /// and a text that fits. Its component is called "thinking_format", because a label, which has no thoughts, cannot have it.
    /// </summary>
    public static IRewardFunction ThinkingFormat() => From(ThinkingFormatReward.ComponentName, (text, _) => GuiR1Answer.HasFormat(text));

    private static IRewardFunction From(string name, Func<string, GuiActionTarget, bool> isRight)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (Guard.NotNull(example).Target is not GuiActionTarget label) return null;
            Check(label);
            return isRight(Guard.NotNull(completion).Text, label) ? 1 : 0;
        });

    private static void Check(GuiActionTarget label)
    {
        if (string.IsNullOrWhiteSpace(label.Action)) throw new InvalidDataException("Expected the action's name in the label, got a blank one.");
        if (label.Point is { } point) LabelGuard.Points(point);
        if (label.Area is { } area) LabelGuard.Boxes([area], solid: true);
        if (IsClick(label.Action) && label.Point is null && label.Area is null) throw new InvalidDataException("Expected a point or an area in the label of a click, got neither.");
        if (NeedsText(label.Action) && string.IsNullOrWhiteSpace(label.Text)) throw new InvalidDataException($"Expected a text in the label of the action '{label.Action}', got none.");
    }

    private static bool IsRight(GuiR1Answer answer, GuiActionTarget label, double radius)
    {
        var action = label.Action.Trim().ToLowerInvariant();
        if (answer.Action != action) return false;
        if (!IsClick(action)) return !NeedsText(action) || AgreesInWords(WithoutBrackets(answer.Text), WithoutBrackets(label.Text!));
        return answer.Point is { } point
            && (label.Area is { } box ? IsStrictlyInside(box, point) : SquaredDistance(point, label.Point!.Value) < radius * radius);
    }

    private static bool AgreesInWords(string given, string wanted)
    {
        // One word: it is enough that it occurs, as in GUI-R1, but the empty text occurs everywhere.
        var isOneWord = !wanted.Trim().Any(char.IsWhiteSpace) && !given.Trim().Any(char.IsWhiteSpace) && given.Trim().Length > 0;
        return TokenOverlap.F1(given, wanted) >= 0.5
               || (isOneWord && (wanted.Contains(given.Trim(), StringComparison.OrdinalIgnoreCase) || given.Contains(wanted.Trim(), StringComparison.OrdinalIgnoreCase)));
    }

    private static string WithoutBrackets(string text)
        => text.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);

    private static bool IsClick(string action) => action.Trim().Equals("click", StringComparison.OrdinalIgnoreCase);

    private static bool NeedsText(string action) => action.Trim().ToLowerInvariant() is "type" or "select" or "scroll";

    private static bool IsStrictlyInside(Box box, PixelPoint p) => p.X > box.X1 && p.X < box.X2 && p.Y > box.Y1 && p.Y < box.Y2;

    private static double SquaredDistance(PixelPoint a, PixelPoint b) => (a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y);

    private static PixelPoint Centre(Box box) => new((box.X1 + box.X2) / 2, (box.Y1 + box.Y2) / 2);

    private static bool Contains(Box box, PixelPoint p) => p.X >= box.X1 && p.X <= box.X2 && p.Y >= box.Y1 && p.Y <= box.Y2;
}
