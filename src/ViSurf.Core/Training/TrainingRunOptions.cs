using ViSurf.Core.Common;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>Measures the policy as it is now: metrics by name.</summary>
/// <param name="step">Steps made so far; 0 before the first.</param>
/// <param name="cancellation">Of the run. An evaluation that is cancelled is made when the run goes on.</param>
public delegate IReadOnlyDictionary<string, double> Evaluation(long step, CancellationToken cancellation);

/// <summary>How long a run is, and what happens between its steps.</summary>
public sealed record TrainingRunOptions
{
    /// <summary>Steps of the whole run, those before it was resumed included.</summary>
    public required long Steps { get; init => field = Guard.Positive(value); }

    /// <summary>Steps between checkpoints. There is always one at the end, when the run is cancelled, and when an evaluation is the best so far.</summary>
    /// <value>0: only those.</value>
    public long SaveEvery { get; init => field = Guard.NotNegative(value); }

    /// <summary>Steps between evaluations; there is one before the first step and one after the last.</summary>
    /// <value>0: only those.</value>
    public long EvaluateEvery { get; init => field = Guard.NotNegative(value); }

    /// <summary>Evaluates.</summary>
    /// <value>null: nothing is evaluated.</value>
    public Evaluation? Evaluate { get; init; }

    /// <summary>Sees each step's report, before the step is saved. <see cref="StepReport.Step"/> goes on counting when a run is resumed.</summary>
    /// <value>null.</value>
    public Action<StepReport>? AfterStep { get; init; }

    /// <summary>Sees the steps made so far and what the evaluation measured.</summary>
    /// <value>null.</value>
    public Action<long, IReadOnlyDictionary<string, double>>? AfterEvaluation { get; init; }

    /// <summary>Sees each checkpoint once it is complete on the disk.</summary>
    /// <value>null.</value>
    public Action<Checkpoint>? AfterSave { get; init; }

    /// <summary>Settings of one's own that change what the run means (data set, prompt template, recipe): recorded and compared like those of <see cref="RunSettings"/>.</summary>
    /// <value>Empty.</value>
    public IReadOnlyDictionary<string, string> Settings { get; init => field = Guard.NotNull(value); } = new Dictionary<string, string>();

    /// <summary>
    /// Names of settings that may differ from the checkpoint's, for instance <c>adamw.learning_rate</c> for a run that is made longer. <see cref="Say"/> is
    /// told of each that does.
    /// </summary>
    /// <value>Empty: none.</value>
    public IReadOnlyCollection<string> MayDiffer { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>
    /// What looks at the run and remembers it, such as a report (<c>report.AsPart()</c>) or a diagnosis: saved with every checkpoint, each in a file of its
    /// own, so that after a resume it knows all steps before and none that are made again. It changes nothing of the run itself: one that a checkpoint
    /// has nothing of, or nothing it can read, begins anew, and <see cref="Say"/> is told. Without tensors.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<CheckpointPart> Watchers { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>
    /// Is told, a line each, what <see cref="TrainingRun.Resume"/> does otherwise than the run that was saved, and when the first step may
    /// need more memory than is free (that in several lines, with the plan): for a console or a log.
    /// </summary>
    /// <value>null.</value>
    public Action<string>? Say { get; init; }
}

/// <summary>How a run ended.</summary>
/// <param name="Steps">Steps made, those before it was resumed included.</param>
/// <param name="Cancelled">Whether it was cancelled before its last step.</param>
/// <param name="Last">The newest checkpoint; null without a store, or when it was cancelled before its first step.</param>
/// <param name="Best">The best checkpoint; null when none was measured.</param>
public sealed record RunOutcome(long Steps, bool Cancelled, Checkpoint? Last, Checkpoint? Best);
