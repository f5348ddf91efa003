using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Training;

/// <summary>What a step of <see cref="ReliftTrainer"/> did.</summary>
/// <param name="Reinforcement">The step on rollouts.</param>
/// <param name="Supervised">The step on labels of examples that had failed; null when the buffer was not full.</param>
public sealed record ReliftReport(StepReport Reinforcement, StepReport? Supervised);

/// <summary>
/// ReLIFT (arXiv 2506.07527): reinforcement, and whenever enough examples have failed as a whole, one supervised step on their labels with an optimizer of
/// its own. Two trainers over one policy; only sugar around <see cref="HardExampleBuffer"/>.
/// </summary>
/// <param name="reinforcement">Trains on rollouts, for instance of <see cref="TrainerParts.Grpo"/>.</param>
/// <param name="supervised">Trains on labels, of <see cref="TrainerParts.Sft"/> over the same policy and with another optimizer.</param>
/// <param name="buffer">Collects failures.</param>
/// <param name="batch">Examples of a supervised step, greater than 0. 128 as in the authors' code.</param>
public sealed class ReliftTrainer(Trainer reinforcement, Trainer supervised, HardExampleBuffer buffer, int batch = 128)
{
    private readonly Trainer _reinforcement = Guard.NotNull(reinforcement);
    private readonly Trainer _supervised = Guard.NotNull(supervised);
    private readonly HardExampleBuffer _buffer = Guard.NotNull(buffer);
    private readonly int _batch = Guard.Positive(batch);

    /// <summary>A step on rollouts and, when the buffer is full, one on labels.</summary>
    public ReliftReport Step(IReadOnlyList<VisionExample> examples, CancellationToken cancellation = default)
    {
        var report = _reinforcement.Step(examples, cancellation);
        _buffer.Collect(report);
        return new ReliftReport(report, _buffer.TryTake(_batch, out var failed) ? _supervised.Step(failed, cancellation) : null);
    }
}
