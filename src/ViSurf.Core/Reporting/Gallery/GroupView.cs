using System.Globalization;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>What a card shows of a group, and nothing else: short texts, small pictures, numbers. It can be saved.</summary>
internal sealed record GroupView
{
    private const int MostText = 1500, MostQuestion = 600, MostCompletions = 33, MostComponents = 12, MostPictures = 4;

    /// <summary>The example's name.</summary>
    public required string Example { get; init; }

    public required string Question { get; init; }

    /// <summary>What became of the label.</summary>
    public required string Story { get; init; }

    public required IReadOnlyList<Thumbnail> Pictures { get; init; }

    /// <summary>Pictures of the example that are not shown.</summary>
    public required int MorePictures { get; init; }

    /// <summary>Width and height in which shapes have their coordinates: what the policy sees of the first picture. Null when that cannot be shown.</summary>
    public required FrameSize? Frame { get; init; }

    /// <summary>The label's.</summary>
    public required Shapes Label { get; init; }

    /// <summary>Names of the rewards.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Rollouts in their order, then the label.</summary>
    public required IReadOnlyList<CompletionView> Completions { get; init; }

    /// <summary>Completions that are not shown.</summary>
    public required int MoreCompletions { get; init; }

    /// <param name="group">As a step reported it.</param>
    /// <param name="side">Longest side of a picture in pixels.</param>
    /// <param name="frame">Size of a picture, in pixels, to the size in which the policy writes coordinates.</param>
    public static GroupView Of(TrainedGroup group, int side, Func<int, int, (int Width, int Height)> frame)
    {
        var (example, judged) = (group.Scored.Group.Example, Judged.Of(group));
        var shown = judged.Where(j => !j.IsLabel).Take(MostCompletions).Concat(judged.Where(j => j.IsLabel).Take(1)).ToArray();
        var names = shown.SelectMany(j => j.Scored.Components).Select(c => c.Name).Distinct().Where(name => shown.Any(j => j.Scored.Find(name)?.Value is not null)).Take(MostComponents).ToArray();
        Thumbnail[] pictures = [.. example.Images.Take(MostPictures).Select(image => Thumbnail.Of(image, side))];
        return new GroupView
        {
            Example = HtmlText.Shortened(example.Id, 120),
            Question = QuestionOf(example),
            Story = LabelStory.Of(group, judged),
            Pictures = pictures,
            MorePictures = example.Images.Count - pictures.Length,
            Frame = FrameOf(example, pictures, frame),
            Label = Shapes.Of(example.Target),
            Components = names,
            Completions = [.. shown.Select(j => View(j, names, example.Target))],
            MoreCompletions = judged.Count - shown.Length,
        };
    }

    private static CompletionView View(Judged judged, string[] components, Target? target)
    {
        var (after, shapes) = (judged.Controlled ?? judged.Scored, judged.IsLabel ? Shapes.None : Shapes.Of(judged.Completion.Text, target));
        return new CompletionView(
            judged.IsLabel, HtmlText.Shortened(judged.Completion.Text, MostText), Facts(judged, shapes), judged.Advantage,
            new Change(Total(judged.Scored), Total(after)),
            [.. components.Select(name => new Change(judged.Scored.Find(name)?.Value, after.Find(name)?.Value))], shapes);
    }

    private static double? Total(CompletionScore score) => score.IsScored ? score.Total : null;

    private static FrameSize? FrameOf(VisionExample example, Thumbnail[] pictures, Func<int, int, (int Width, int Height)> frame)
    {
        if (pictures is not [{ DataUri: not null } first, ..]) return null;
        var (width, height) = example.LabelFrame is { Width: > 0 } own ? (own.Width, own.Height) : frame(first.Width, first.Height);
        return new FrameSize(Math.Max(1, width), Math.Max(1, height));
    }

    private static string Facts(Judged judged, Shapes? shapes)
    {
        var facts = new List<string> { $"{ReportNumber.Whole(judged.Completion.TokenIds.Count)} tokens" };
        if (judged.Completion.PrefixTokens > 0) facts.Add($"the first {ReportNumber.Whole(judged.Completion.PrefixTokens)} given from the label");
        if (judged.Completion.FinishReason == FinishReason.Length) facts.Add("cut at the token limit");
        if (judged.Completion.Replayed) facts.Add("replayed");
        if (judged.Controlled is null) facts.Add("left out");
        if (!judged.Scored.IsScored) facts.Add(judged.Scored.IsLeftOut ? "a judge did not answer" : "nothing could judge it");
        if (shapes is null) facts.Add("no answer that can be read");
        return string.Join(" · ", facts);
    }

    private static string QuestionOf(VisionExample example)
    {
        var texts = example.Turns.Where(turn => turn.Role == "user").SelectMany(turn => turn.Parts).Select(part => part.Text).OfType<string>();
        return HtmlText.Shortened(string.Join("\n", texts), MostQuestion);
    }
}

/// <summary>A number before and after reward control; null where there is none.</summary>
internal sealed record Change(double? Before, double? After);

/// <summary>A completion on a card.</summary>
/// <param name="IsLabel">Whether it is the label.</param>
/// <param name="Text">What was written, shortened.</param>
/// <param name="Facts">Tokens and what else there is to say, in words.</param>
/// <param name="Advantage">null when it was left out.</param>
/// <param name="Total">Of its rewards.</param>
/// <param name="Components">One for each name of the card's.</param>
/// <param name="Shapes">What it points at; null when it cannot be read. None for the label, whose shapes the card has.</param>
internal sealed record CompletionView(bool IsLabel, string Text, string Facts, double? Advantage, Change Total, IReadOnlyList<Change> Components, Shapes? Shapes)
{
    /// <summary>"+", "−" or nothing: its colour.</summary>
    public string Sign => IsLabel ? "truth" : Advantage switch { > 0 => "gains", < 0 => "loses", _ => "even" };

    /// <summary>As it is called on the card.</summary>
    public string Name(int index) => IsLabel ? "label" : (index + 1).ToString(CultureInfo.InvariantCulture);
}
