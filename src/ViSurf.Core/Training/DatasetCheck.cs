using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Encoding;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>
/// Finds the rows that would spoil a run before it starts: pictures that do not open, boxes outside their picture, and labels that the
/// rewards themselves do not accept (a label that cannot reach its own maximum, or minimum under a negative weight, teaches the wrong thing in silence).
/// </summary>
/// <param name="demonstrations">Writes the label as it would join a group.</param>
/// <param name="suite">Judges it.</param>
/// <param name="imageSize">Opens a picture and says its size in pixels as the policy sees it; throws when the picture is broken.</param>
public sealed class DatasetCheck(DemonstrationInjector demonstrations, RewardSuite suite, Func<ImageSource, (int Width, int Height)> imageSize)
{
    private readonly DemonstrationInjector _demonstrations = Guard.NotNull(demonstrations);
    private readonly RewardSuite _suite = Guard.NotNull(suite);
    private readonly Func<ImageSource, (int Width, int Height)> _imageSize = Guard.NotNull(imageSize);

    /// <param name="demonstrations">Writes the label as it would join a group.</param>
    /// <param name="suite">Judges it.</param>
    /// <param name="pictureSize"><c>PictureSize.Of</c>, for instance, which reads headers only; with an <see cref="Encoder"/> the rest is read too.</param>
    public DatasetCheck(DemonstrationInjector demonstrations, RewardSuite suite, Func<ImageSource, FrameSize> pictureSize)
        : this(demonstrations, suite, Pair(Guard.NotNull(pictureSize)))
    {
    }

    /// <summary>Rewards that a label need not reach, by name; those of weight 0, which teach nothing, are never asked.</summary>
    /// <value>"thinking_format": a label has no trace of reasoning.</value>
    public IReadOnlyCollection<string> Excluded { get; init; } = [ThinkingFormatReward.ComponentName];

    /// <summary>How far below its maximum (above its minimum, under a negative weight) a label may score: room for rewards that are sums of decimals.</summary>
    /// <value>1e-6.</value>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Encodes every prompt, which also decodes its pictures to the last pixel.</summary>
    /// <value>null: prompts are not looked at.</value>
    public IPromptEncoder? Encoder { get; init; }

    /// <summary>Longest prompt, as in <see cref="TrainerOptions.MaxPromptTokens"/>. A longer one is a problem: nothing is ever cut, half a picture is no picture.</summary>
    /// <value>No limit.</value>
    public int MaxPromptTokens { get; init; } = int.MaxValue;

    /// <summary>Most problems listed by <see cref="Ensure"/>, greater than 0.</summary>
    /// <value>20.</value>
    public int Limit { get; init => field = Guard.Positive(value); } = 20;

    /// <summary>Checks every example and throws when there is a problem.</summary>
    /// <exception cref="InvalidDataException">One line per problem, each with its example's id, at most <see cref="Limit"/> of them.</exception>
    public void Ensure(IEnumerable<VisionExample> examples)
    {
        // One more than are listed; a limit of int.MaxValue is none.
        var problems = Problems(examples).Take(Math.Max(Limit, Limit + 1)).ToArray();
        if (problems.Length == 0) return;
        var more = problems.Length > Limit ? $"{Environment.NewLine}  … and more; these are the first {Limit}." : "";
        throw new InvalidDataException(
            $"Expected rows fit for training, found problems. Fix or drop these rows:{Environment.NewLine}  "
            + string.Join($"{Environment.NewLine}  ", problems.Take(Limit)) + more);
    }

    /// <summary>The problems of the examples, found as they are asked for.</summary>
    public IEnumerable<string> Problems(IEnumerable<VisionExample> examples)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        return Guard.NotNull(examples).SelectMany(example => Reasons(example, ids).Select(problem => $"example '{example.Id}': {problem}"));
    }

    /// <summary>Looks at every row of a source, block by block; a row that cannot be read, or whose pictures cannot, is a problem like any other.</summary>
    /// <param name="source">The source.</param>
    /// <param name="change">What becomes of examples before they are trained on, <c>encoder.InModelFrame</c> for instance; null for nothing.</param>
    /// <param name="cancellation">Checked at every row.</param>
    public DatasetReport Report(IExampleSource source, Func<VisionExample, VisionExample>? change = null, CancellationToken cancellation = default)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var problems = new List<RowProblem>();
        var row = 0L;
        for (var block = 0; block < Guard.NotNull(source).Blocks.Count; block++)
        {
            var rows = Rows(source, block, out var unreadable);
            for (var i = 0; i < source.Blocks[block].Rows; i++, row++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (unreadable is not null) problems.Add(new RowProblem(row, source.Name, null, unreadable));
                else problems.AddRange(Look(rows, i, row, source.Name, change, ids));
            }
        }
        return new DatasetReport(source.Name, row, problems);
    }

    private static Func<ImageSource, (int Width, int Height)> Pair(Func<ImageSource, FrameSize> pictureSize) => image =>
    {
        var size = pictureSize(image);
        return (size.Width, size.Height);
    };

    private static IReadOnlyList<VisionExample> Rows(IExampleSource source, int block, out string? unreadable)
    {
        try
        {
            unreadable = null;
            return source.Read(block);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            unreadable = OneLine(e);
            return [];
        }
    }

    private IEnumerable<RowProblem> Look(
        IReadOnlyList<VisionExample> rows, int index, long row, string source, Func<VisionExample, VisionExample>? change, HashSet<string> ids)
    {
        try
        {
            var example = rows[index];
            if (change is not null) example = change(example);
            return Reasons(example, ids).Select(reason => new RowProblem(row, example.Place ?? source, example.Id, reason));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return [new RowProblem(row, source, null, OneLine(e))];
        }
    }

    private List<string> Reasons(VisionExample example, HashSet<string> ids)
    {
        List<string> reasons = [.. ids.Add(example.Id) ? [] : new[] { "its id occurs more than once" }];
        var pictures = Pictures(example, out var sizes);
        reasons.AddRange(pictures);
        if (sizes.Count == example.Images.Count && sizes.Count > 0)
            reasons.AddRange(LabelGeometry.Problems(example.Target, example.LabelFrame is { } frame ? [frame] : sizes));
        if (pictures.Count == 0) reasons.AddRange(Prompt(example));
        reasons.AddRange(Label(example));
        return reasons;
    }

    private IEnumerable<string> Prompt(VisionExample example)
    {
        if (Encoder is null) return [];
        try
        {
            foreach (var prompt in Prompts.Encode(Encoder, [example], MaxPromptTokens)) prompt.Dispose();
            return [];
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            return [$"its prompt cannot be used: {OneLine(e)}"];
        }
    }

    private List<string> Pictures(VisionExample example, out List<FrameSize> sizes)
    {
        var problems = new List<string>();
        sizes = [];
        foreach (var image in example.Images)
        {
            try
            {
                var (width, height) = _imageSize(image);
                sizes.Add(new FrameSize(width, height));
            }
            catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
            {
                problems.Add($"picture '{image.Name}' does not open: {OneLine(e)}");
            }
        }
        var places = example.Turns.Sum(turn => turn.Parts.Count(part => part.IsImage));
        if (places != example.Images.Count) problems.Add($"{example.Images.Count} pictures, but its turns have places for {places}");
        return problems;
    }

    private IEnumerable<string> Label(VisionExample example)
    {
        CompletionScore score;
        try
        {
            if (_demonstrations.Demonstration(example) is not { } label) return [];
            score = _suite.Score(new RolloutGroup(example, [label])).Scores[0];
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            return [$"its label cannot be scored: {OneLine(e)}"];
        }
        if (score.Components.All(c => c.Value is null)) return ["no reward judges its label"];
        return score.Components
            .Where(c => c.Weight != 0 && c.Shortfall > Tolerance && !Excluded.Contains(c.Name))
            .Select(c => $"{Judged(c)}, so it would teach what that reward rejects");

        static string Judged(RewardComponent c) => c.Weight < 0
            ? string.Create(CultureInfo.InvariantCulture, $"its label scores {c.Value} in '{c.Name}', where {c.Best} is best because its weight is negative")
            : string.Create(CultureInfo.InvariantCulture, $"its label scores {c.Value} of {c.Maximum} in '{c.Name}'");
    }

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}
