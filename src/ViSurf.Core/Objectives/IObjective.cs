using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives;

/// <summary>Scores and advantages in, a loss to minimise out: pure tensor maths, no policy, no text.</summary>
public interface IObjective
{
    /// <summary>
    /// The share of the optimizer step's loss that these rows carry: normalised by <see cref="UpdateBatch.Scale"/> (the whole step), so that
    /// summing over micro-batches gives the same gradient however the rows are split.
    /// </summary>
    ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch);
}
