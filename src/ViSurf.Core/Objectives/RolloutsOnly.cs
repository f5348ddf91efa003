using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// Shows an objective the policy's own tokens and nothing else: labels are masked away, and sizes and weights are those of the rollouts, so
/// that the value is that of a step which never had labels. What a sum with a supervised term is made of.
/// </summary>
/// <remarks>A step without a rollout has loss 0 and no metrics of the inner objective. Rollouts weigh the same, whatever their group.</remarks>
/// <param name="inner">The objective to show them to.</param>
public sealed class RolloutsOnly(IObjective inner) : IObjective
{
    private readonly IObjective _inner = Guard.NotNull(inner);

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        ObjectiveInputs.Check(current, batch);
        var all = batch.Scale;
        var scale = new LossScale(all.Tokens - all.DemonstrationTokens, 0, all.Sequences - all.Demonstrations, 0, all.MaxNewTokens);
        return SourceView.Evaluate(_inner, current, batch,
            batch.CompletionMask & batch.LabelTokens().logical_not(), batch.IsDemonstration.logical_not(), scale);
    }
}
