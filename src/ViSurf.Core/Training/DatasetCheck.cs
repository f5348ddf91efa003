using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Encoding;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training.RowChecks;

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

    /// <summary>Longest label, as in <see cref="TrainerOptions.MaxLabelTokens"/>.</summary>
    /// <value>2000, that option's least default.</value>
    public int MaxLabelTokens { get; init => field = Guard.Positive(value); } = TrainerOptions.ResponseLimit;

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
        var checks = Checks();
        return Guard.NotNull(examples).SelectMany(example => Look(example, example, checks,
            default).Problems.Select(problem => $"example '{example.Id}': {problem}"));
    }

    /// <summary>
    /// Looks at every row of a source, block by block; a row that cannot be read, or whose pictures cannot, is a problem like any other. No
    /// row's fault ends it.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="change">What becomes of examples before they are trained on, <c>encoder.InModelFrame</c> for instance; null for nothing.</param>
    /// <param name="cancellation">Checked at every row.</param>
    public DatasetReport Report(IExampleSource source, Func<VisionExample, VisionExample>? change = null, CancellationToken cancellation = default)
    {
        var (checks, problems, notes) = (Checks(), new List<RowProblem>(), new OrderedDictionary<string, long>());
        var row = 0L;
        for (var block = 0; block < Guard.NotNull(source).Blocks.Count; block++)
        {
            var rows = Rows(source, block, cancellation, out var unreadable);
            for (var i = 0; i < source.Blocks[block].Rows; i++, row++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (unreadable is not null) problems.Add(Unreadable(row, source.Name, unreadable));
                else problems.AddRange(Look(rows, i, row, source.Name, change, checks, notes, cancellation));
            }
        }
        return new DatasetReport(source.Name, row,
            problems) { Notes = [.. notes.Select(note => $"{note.Key}: {note.Value} of {row} rows")] };
    }

    private static Func<ImageSource, (int Width, int Height)> Pair(Func<ImageSource, FrameSize> pictureSize) => image =>
    {
        var size = pictureSize(image);
        return (size.Width, size.Height);
    };

    private static IReadOnlyList<VisionExample> Rows(IExampleSource source, int block, CancellationToken cancellation,
        out Exception? unreadable)
    {
        try
        {
            unreadable = null;
            return source.Read(block);
        }
        catch (Exception e) when (RowFindings.IsOfRow(e, cancellation))
        {
            unreadable = e;
            return [];
        }
    }

    private static IEnumerable<RowProblem> Look(IReadOnlyList<VisionExample> rows, int index, long row, string source,
        Func<VisionExample, VisionExample>? change, IRowCheck[] checks, OrderedDictionary<string, long> notes,
            CancellationToken cancellation)
    {
        VisionExample? stored = null;
        try
        {
            stored = rows[index];
            var found = Look(stored, change?.Invoke(stored) ?? stored, checks, cancellation);
            foreach (var note in found.Notes) notes[note] = notes.GetValueOrDefault(note) + 1;
            return found.Problems.Select(reason => new RowProblem(row, found.Example.Place ?? source, found.Example.Id, reason));
        }
        catch (Exception e) when (RowFindings.IsOfRow(e, cancellation))
        {
            // Messages of the library begin with place and id already.
            return stored?.Place is { } place && !e.Message.StartsWith(place, StringComparison.Ordinal)
                ? [new RowProblem(row, place, stored.Id, RowFindings.OneLine(e))]
                : [Unreadable(row, source, e)];
        }
    }

    private static RowProblem Unreadable(long row, string source, Exception e) => new(row, source, null,
        e is InvalidDataException or IOException or UnauthorizedAccessException ? RowFindings.OneLine(e)
            : $"{source}, row {row}: {RowFindings.OneLine(e)}");

    private static RowFindings Look(VisionExample stored, VisionExample example, IRowCheck[] checks, CancellationToken cancellation)
    {
        var row = new RowFindings(stored, example, cancellation);
        foreach (var check in checks) row.Attempt("it cannot be looked at", () => check.Look(row));
        return row;
    }

    /// <summary>What rows are looked at for, in the order of the lines; later checks may use what earlier ones found.</summary>
    private IRowCheck[] Checks() =>
    [
        new RepeatedIdCheck(),
        new PictureCheck(Size),
        new TurnedPictureCheck(),
        new MarkerTextCheck(),
        new CoordinateCheck(Encoder ?? _demonstrations.Encoder),
        new PromptCheck(Encoder, MaxPromptTokens),
        new ControlTokenCheck(Encoder, _demonstrations),
        new LabelScoreCheck(_demonstrations, _suite, MaxLabelTokens, Excluded, Tolerance),
    ];

    private FrameSize Size(ImageSource image)
    {
        var (width, height) = _imageSize(image);
        return new FrameSize(width, height);
    }
}
