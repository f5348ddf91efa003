using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// Shows an objective the tokens that labels wrote and nothing else, the counterpart of <see cref="RolloutsOnly"/>: sizes and weights are those
/// of the labels and of the rollouts that begin with tokens of one.
/// </summary>
/// <remarks>A step without a label has loss 0 and no metrics of the inner objective.</remarks>
/// <param name="inner">The objective to show them to.</param>
public sealed class LabelsOnly(IObjective inner) : IObjective
{
    private readonly IObjective _inner = Guard.NotNull(inner);

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        ObjectiveInputs.Check(current, batch);
        var all = batch.Scale;
        var scale = all with { Tokens = all.DemonstrationTokens, Sequences = all.Demonstrations + all.Prefixed };
        var labels = batch.LabelTokens();
        return SourceView.Evaluate(_inner, current, batch, labels, labels.any(1, true), scale);
    }
}
