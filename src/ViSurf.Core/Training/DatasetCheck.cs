using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>
/// Finds the rows that would spoil a run before it starts: pictures that do not open, boxes outside their picture, and labels that the
/// rewards themselves do not accept (a label that cannot reach its own maximum teaches the wrong thing in silence).
/// </summary>
/// <param name="demonstrations">Writes the label as it would join a group.</param>
/// <param name="suite">Judges it.</param>
/// <param name="imageSize">Opens a picture and says its size in pixels as the policy sees it; throws when the picture is broken.</param>
public sealed class DatasetCheck(DemonstrationInjector demonstrations, RewardSuite suite, Func<ImageSource, (int Width, int Height)> imageSize)
{
    private readonly DemonstrationInjector _demonstrations = Guard.NotNull(demonstrations);
    private readonly RewardSuite _suite = Guard.NotNull(suite);
    private readonly Func<ImageSource, (int Width, int Height)> _imageSize = Guard.NotNull(imageSize);

    /// <summary>Rewards that a label need not reach, by name.</summary>
    /// <value>"thinking_format": a label has no trace of reasoning.</value>
    public IReadOnlyCollection<string> Excluded { get; init; } = ["thinking_format"];

    /// <summary>How far below its maximum a label may score: room for rewards that are sums of decimals.</summary>
    /// <value>1e-6.</value>
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Most problems listed by <see cref="Ensure"/>.</summary>
    /// <value>20.</value>
    public int Limit { get; init; } = 20;

    /// <summary>Checks every example and throws when there is a problem.</summary>
    /// <exception cref="InvalidDataException">One line per problem, each with its example's id, at most <see cref="Limit"/> of them.</exception>
    public void Ensure(IEnumerable<VisionExample> examples)
    {
        var problems = Problems(examples).Take(Limit + 1).ToArray();
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
        return Guard.NotNull(examples).SelectMany(example =>
            (ids.Add(example.Id) ? [] : new[] { "its id occurs more than once" })
            .Concat(Pictures(example, out var sizes))
            .Concat(Boxes(example, sizes))
            .Concat(Label(example))
            .Select(problem => $"example '{example.Id}': {problem}"));
    }

    private List<string> Pictures(VisionExample example, out List<(int Width, int Height)> sizes)
    {
        var problems = new List<string>();
        sizes = [];
        foreach (var image in example.Images)
        {
            try
            {
                sizes.Add(_imageSize(image));
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

    /// <summary>With several pictures a box may belong to any of them, so it must fit into one.</summary>
    private static IEnumerable<string> Boxes(VisionExample example, List<(int Width, int Height)> sizes)
    {
        if (example.Target is not GroundingTarget label || sizes.Count < example.Images.Count || sizes.Count == 0) return [];
        return label.Objects.SelectMany((o, i) => Box(o, i, sizes));
    }

    private static IEnumerable<string> Box(GroundedObject item, int index, List<(int Width, int Height)> sizes)
    {
        var (b, p) = (item.Box, item.Point);
        var box = string.Create(CultureInfo.InvariantCulture, $"box {index} [{b.X1}, {b.Y1}, {b.X2}, {b.Y2}]");
        if (!(b.X1 < b.X2 && b.Y1 < b.Y2)) yield return $"{box} is empty or reversed";
        if (!sizes.Any(s => b.X1 >= 0 && b.Y1 >= 0 && b.X2 <= s.Width && b.Y2 <= s.Height))
            yield return $"{box} lies outside its picture of {string.Join(" or ", sizes.Select(s => $"{s.Width} × {s.Height}"))} pixels";
        if (!(p.X >= b.X1 && p.X <= b.X2 && p.Y >= b.Y1 && p.Y <= b.Y2))
            yield return string.Create(CultureInfo.InvariantCulture, $"point {index} [{p.X}, {p.Y}] lies outside {box}");
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
        return score.Components
            .Where(c => c.Value < c.Maximum - Tolerance && !Excluded.Contains(c.Name))
            .Select(c => string.Create(CultureInfo.InvariantCulture,
                $"its label scores {c.Value} of {c.Maximum} in '{c.Name}', so it would teach what that reward rejects"));
    }

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");
}
