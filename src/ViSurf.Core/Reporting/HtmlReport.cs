using ViSurf.Core.Common;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Reporting;

/// <summary>
/// A run as one HTML file that needs nothing else: curves, held-out measures, groups with label and answers drawn over their pictures, timings, settings
/// and warnings. It is written while the run goes on, each time whole: <c>trainer.Run(batches, report.Add)</c>. Its size and the memory it takes do not
/// grow with the run. Not thread-safe.
/// </summary>
/// <remarks>
/// The page holds no script, and a policy in it forbids any. Texts of the model and of the data are shown as text, whatever is in them.
/// The numbers of a step are kept, its completions only for groups of the gallery.
/// </remarks>
public sealed class HtmlReport
{
    private const int Stretches = 100;
    private readonly HtmlReportOptions _options;
    private RunRecord _run;
    private int _sinceWritten = int.MaxValue;

    /// <summary>Names the file; it is written with the first step.</summary>
    /// <param name="path">Where the file shall be. Its directory is made when it is missing.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is blank or names no file.</exception>
    public HtmlReport(string path, HtmlReportOptions? options = null)
    {
        Path = System.IO.Path.GetFullPath(Guard.NotBlank(path));
        if (System.IO.Path.GetFileName(Path).Length == 0) throw new ArgumentException($"Expected the name of a file, got the directory '{path}'.", nameof(path));
        _options = options ?? new HtmlReportOptions();
        _run = Fresh();
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Takes a step in: a callback of <see cref="Trainer.Run"/>. A step that was done before replaces itself and all after it.</summary>
    /// <exception cref="IOException">The file could not be written, and there is no <see cref="HtmlReportOptions.OnError"/>.</exception>
    public void Add(StepReport report)
    {
        _run.Add(Guard.NotNull(report));
        if (_sinceWritten < _options.Every - 1) _sinceWritten++;
        else TryWrite();
    }

    /// <summary>Takes measures of held-out rows in.</summary>
    /// <param name="step">Step after which they were taken.</param>
    /// <param name="measures">Numbers by name; those in [0, 1] are shown as per cent.</param>
    public void AddEvaluation(long step, IReadOnlyDictionary<string, double> measures)
        => _run.AddEvaluation(Guard.NotNegative(step), Guard.NotNull(measures).ToDictionary(m => m.Key, m => Spread.Of(m.Value), StringComparer.Ordinal));

    /// <summary>Takes a warning in, beside those that the steps bring: a diagnosis, a row that was passed over.</summary>
    /// <param name="text">In words. Warnings that differ in their numbers only are counted together.</param>
    /// <param name="step">The step it belongs to; null for the run.</param>
    public void Warn(string text, long? step = null) => _run.Warnings.Add(Guard.NotBlank(text), step);

    /// <summary>
    /// What this report knows of its run, as a part of a checkpoint (<see cref="TrainingRunOptions.Watchers"/>): a resumed run's report is then that of a run
    /// that was never interrupted. State of another format or a broken one is refused, and the report stays as it was.
    /// </summary>
    /// <param name="key">The part's name.</param>
    public CheckpointPart AsPart(string key = "report") => CheckpointPart.Of(key, () => _run.Saved.ToJson(), saved =>
    {
        var run = Fresh();
        run.Restore(SavedRecord.Of(saved));
        _run = run;
    });

    /// <summary>Writes the last report: the run is done.</summary>
    /// <exception cref="IOException">The file could not be written.</exception>
    public void Finish() => End("finished", null);

    /// <summary>Writes the last report: the run ended before its end.</summary>
    /// <param name="why">In words: cancelled, or an exception's message.</param>
    /// <exception cref="IOException">The file could not be written.</exception>
    public void Stop(string why) => End("stopped", Guard.NotBlank(why));

    /// <summary>Writes the file now. It is written beside its place and then renamed, so whoever opens it sees a whole report.</summary>
    /// <exception cref="IOException">The file could not be written; what was there before is still there.</exception>
    public void Write()
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            StagedFile.Write(Path, file => file.Write(System.Text.Encoding.UTF8.GetBytes(new ReportPage(_options, _run).Write())));
            _sinceWritten = 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Expected to write the report '{Path}': {e.Message} Name another place, or set {nameof(HtmlReportOptions.OnError)} to go on without it.", e);
        }
    }

    private RunRecord Fresh() => new(
        new Timeline<IReadOnlyDictionary<string, Spread>>(Stretches, Spread.Merge),
        new Timeline<IReadOnlyDictionary<string, Spread>>(Stretches, (_, later) => later),
        new GroupGallery(_options.Groups, group => GroupView.Of(group, _options.PictureSide, _options.Frame)),
        _options.Clock.GetUtcNow());

    private void TryWrite()
    {
        try
        {
            Write();
        }
        catch (IOException e) when (_options.OnError is not null)
        {
            _sinceWritten = 0;
            _options.OnError(e);
        }
    }

    private void End(string state, string? why)
    {
        (_run.State, _run.Why) = (state, why);
        Write();
    }
}
