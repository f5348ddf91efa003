using ViSurf.Core.Data;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>A row that is looked at, and what the checks so far found.</summary>
/// <param name="stored">The row as it was read.</param>
/// <param name="example">What is trained on: the same, or what became of it on its way.</param>
/// <param name="cancellation">Of the whole report.</param>
internal sealed class RowFindings(VisionExample stored, VisionExample example, CancellationToken cancellation)
{
    private readonly List<string> _problems = [], _notes = [];

    /// <summary>The row as it was read.</summary>
    public VisionExample Stored => stored;

    /// <summary>What is trained on.</summary>
    public VisionExample Example => example;

    /// <summary>Sizes of the example's pictures in pixels; null as long as not all of them are known.</summary>
    public IReadOnlyList<FrameSize>? Sizes { get; set; }

    /// <summary>Whether its pictures open and have places; where not, its prompt need not be tried.</summary>
    public bool PicturesFit { get; set; } = true;

    /// <summary>Whether its label's coordinates may be what they are said to be; where not, what the label scores says nothing.</summary>
    public bool LabelFits { get; set; } = true;

    /// <summary>Why the row is not fit for training.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What is worth counting.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Adds a reason why the row is not fit for training: what is wrong, and what to do.</summary>
    public void Problem(string reason) => _problems.Add(reason);

    /// <summary>
    /// Counts the row under <paramref name="what"/>, which <see cref="DatasetReport.Notes"/> then says once, with the number of its rows.
    /// </summary>
    public void Note(string what)
    {
        if (!_notes.Contains(what)) _notes.Add(what);
    }

    /// <summary>Does something that may fail by the row's fault; then that is its problem, after <paramref name="failed"/>.</summary>
    /// <returns>Whether it went well.</returns>
    public bool Attempt(string failed, Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (Exception e) when (IsOfRow(e, cancellation))
        {
            // Messages of the library may begin with the place, which the line has already.
            var (message, place) = (OneLine(e), $"{example.Place ?? "Example"} (id '{example.Id}'): ");
            Problem($"{failed}: {(message.StartsWith(place, StringComparison.Ordinal) ? message[place.Length..] : message)}");
            return false;
        }
    }

    /// <summary>
    /// Whether the exception is a row's fault: all are, so that one row never ends the look at the others, unless nobody waits for it any
    /// more.
    /// </summary>
    public static bool IsOfRow(Exception e, CancellationToken cancellation)
        => e is not OperationCanceledException || !cancellation.IsCancellationRequested;

    /// <summary>Its message, in one line.</summary>
    public static string OneLine(Exception e)
        => e is OutOfMemoryException ? "it needs more memory than there is" : e.Message.ReplaceLineEndings(" ");
}
