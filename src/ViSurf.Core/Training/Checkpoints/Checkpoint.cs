using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>A complete checkpoint on the disk: everything that <see cref="TrainingRun"/> needs to go on as if it had not been interrupted.</summary>
public sealed class Checkpoint
{
    internal const string Weights = "weights";

    private readonly CheckpointMark _mark;

    internal Checkpoint(string directory, CheckpointMark mark) => (Directory, _mark) = (directory, mark);

    /// <summary>Where it is.</summary>
    public string Directory { get; }

    /// <summary>A model or adapter directory that loads on its own.</summary>
    public string WeightsDirectory => Path.Combine(Directory, Weights);

    /// <summary>Steps made when it was written: the index of the step that comes next.</summary>
    public long Step => _mark.Step;

    /// <summary>1 for the first checkpoint of a store, and so on: the newest has the highest.</summary>
    public long Order => _mark.Order;

    /// <summary>When it was written.</summary>
    public DateTimeOffset Written => _mark.Written;

    /// <summary>What the evaluation after its last step measured; empty without one.</summary>
    public IReadOnlyDictionary<string, double> Metrics => _mark.Metrics;

    /// <summary>Options of the run that change its meaning; see <see cref="RunSettings"/>.</summary>
    public IReadOnlyDictionary<string, string> Settings => _mark.Settings;

    /// <summary>Versions of the library and of what it computes with.</summary>
    public IReadOnlyDictionary<string, string> Versions => _mark.Versions;

    /// <summary>The model it is of.</summary>
    public ModelShape Model => _mark.Model;

    /// <summary>All its files but the mark itself.</summary>
    public IReadOnlyList<CheckpointFile> Files => _mark.Files;

    /// <summary>Reads every file and compares it with what was written.</summary>
    /// <exception cref="InvalidDataException">A file is missing, cut off or changed; the message names it.</exception>
    public void Verify() => FileHashes.Verify(Directory, Files);

    /// <summary>Fills the weights and brings every part to its saved state.</summary>
    /// <param name="weights">Of the same model; see <see cref="ModelShape.EnsureSame"/>.</param>
    /// <param name="parts">The same parts as when it was written.</param>
    /// <exception cref="InvalidDataException">Parts are missing or extra, or their state does not fit.</exception>
    public void Restore(CheckpointWeights weights, IReadOnlyList<CheckpointPart> parts)
    {
        Guard.NotNull(weights);
        using var states = StateFiles.Open(Directory, Guard.NotNull(parts));
        weights.Load(WeightsDirectory);
        states.Restore(parts);
    }

    /// <summary>Brings what remembers the run (<see cref="CheckpointContent.Watchers"/>) to its saved state.</summary>
    /// <returns>Whether the checkpoint has anything of it.</returns>
    /// <exception cref="InvalidDataException">It cannot read what was saved.</exception>
    public bool RestoreWatcher(CheckpointPart watcher) => WatcherFiles.Restore(Directory, Guard.NotNull(watcher));

    /// <summary>Its directory.</summary>
    public override string ToString() => Directory;
}
