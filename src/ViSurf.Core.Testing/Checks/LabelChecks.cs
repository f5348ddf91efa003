using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing.Checks;

/// <summary>Checks of good and bad labels.</summary>
internal static class LabelChecks
{
    public static Finding ReachesMaximum(IRewardFunction reward, IReadOnlyList<VisionExample> examples, LabelFormat format)
    {
        var (problems, applied) = (new List<string>(), 0);
        foreach (var example in examples.Where(e => e.Target is not null))
        {
            var label = Some.Label(example, format);
            try
            {
                if (reward.Score(example, label) is not { } value) continue;
                applied++;
                if (!(value >= reward.Maximum - 1e-9))
                    problems.Add($"expected the label of example '{example.Id}' to get {Case.Text(reward.Maximum)}, got {Case.Text(value)} for {Shortened(label.Text)}. "
                                 + "A label below the maximum teaches what the reward rejects.");
            }
            catch (Exception e)
            {
                applied++;
                problems.Add($"expected the label of example '{example.Id}' to get {Case.Text(reward.Maximum)}, got {e.GetType().Name}: {e.Message}");
            }
        }
        if (applied == 0) problems.Add("expected the reward to apply to the label of at least one example, it applied to none. Give an example with the kind of label it reads.");
        return new Finding(problems);
    }

    public static Finding ThrowsOnBadLabels(IRewardFunction reward, IReadOnlyList<VisionExample> examples, IReadOnlyList<VisionExample>? given, LabelFormat format)
    {
        var bad = given ?? [.. examples.SelectMany(Bad)];
        if (bad.Count == 0) return Finding.LeftOut("no malformed labels are known for this kind of label; set BadLabels.");
        var problems = new List<string>();
        foreach (var example in bad)
        {
            foreach (var (name, text) in new[] { ("an empty completion", ""), ("an answer", "<think>a</think><answer>b</answer>"), ("the label itself", Written(example, format)) })
            {
                try
                {
                    var value = reward.Score(example, Some.Completion(text));
                    problems.Add($"expected an exception for {name} of example '{example.Id}', whose label is malformed, got {Case.Text(value)}. Check the label before the completion.");
                    break;
                }
                catch (Exception)
                {
                    // As it should be.
                }
            }
        }
        return new Finding(problems);
    }

    /// <summary>Malformed forms of the label, of a kind that a data set may really hold.</summary>
    private static IEnumerable<VisionExample> Bad(VisionExample example)
    {
        (string Name, Target Target)[] labels = example.Target switch
        {
            TextTarget => [("a blank text", new TextTarget(" \n"))],
            AnswersTarget => [("no answers", new AnswersTarget([])), ("a blank answer", new AnswersTarget([" "]))],
            GroundingTarget => [.. Boxes().Select(b => (b.Name, (Target)new GroundingTarget([new GroundedObject(b.Box, new PixelPoint(1, 1))])))],
            DetectionTarget detection => [.. Boxes().Select(b => (b.Name, (Target)(detection with { Objects = [new LabelledBox(b.Box, "cat")] })))],
            SegZeroTarget => [.. Boxes().Select(b => (b.Name, (Target)new SegZeroTarget(b.Box, default, default))), ("a point that is no number", new SegZeroTarget(new Box(1, 1, 9, 9), new PixelPoint(double.NaN, 1), default))],
            GuiActionTarget => [("a blank action", new GuiActionTarget(" ")), ("a click nowhere", new GuiActionTarget("click")), ("typing nothing", new GuiActionTarget("type"))],
            _ => [],
        };
        return labels.Select(label => example with { Id = $"{example.Id} with {label.Name}", Target = label.Target });
    }

    private static IEnumerable<(string Name, Box Box)> Boxes()
        => [("a box that is no number", new Box(double.NaN, 0, 10, 10)), ("an infinite box", new Box(0, 0, double.PositiveInfinity, 10)), ("a reversed box", new Box(10, 10, 0, 0))];

    private static string Written(VisionExample example, LabelFormat format)
    {
        try
        {
            return example.Target is null ? "" : format.Write(example.Target);
        }
        catch (Exception)
        {
            // A label so malformed that it cannot be written.
            return "";
        }
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
