namespace ViSurf.Core.Training.Checkpoints;

/// <summary>What a checkpoint is made from.</summary>
public sealed record CheckpointContent
{
    /// <summary>Steps made so far.</summary>
    public required long Step { get; init; }

    /// <summary>Writes the weights.</summary>
    public required CheckpointWeights Weights { get; init; }

    /// <summary>The model that trains.</summary>
    public required ModelShape Model { get; init; }

    /// <summary>Everything else that has state.</summary>
    public required IReadOnlyList<CheckpointPart> Parts { get; init; }

    /// <summary>What remembers the run without being part of it; without tensors, each with a key of its own.</summary>
    /// <value>Empty.</value>
    public IReadOnlyList<CheckpointPart> Watchers { get; init; } = [];

    /// <summary>What the evaluation after the last step measured.</summary>
    /// <value>Empty.</value>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>Options that change the meaning of the run; see <see cref="RunSettings"/>.</summary>
    /// <value>Empty.</value>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
