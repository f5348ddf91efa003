using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>A batch as it would be had the step only some of its tokens: mask, weights and sizes are theirs.</summary>
internal static class SourceView
{
    /// <summary>Evaluates the inner objective on the tokens of <paramref name="mask"/>; a step without any has loss 0 and no metrics.</summary>
    /// <param name="inner">The objective.</param>
    /// <param name="current">Scores of all rows.</param>
    /// <param name="batch">All rows.</param>
    /// <param name="mask">bool [N, T]: the tokens to show.</param>
    /// <param name="rows">bool [N, 1]: the rows that count.</param>
    /// <param name="scale">Sizes of the step's tokens and rows of that kind.</param>
    public static ObjectiveResult Evaluate(IObjective inner, TokenScores current, UpdateBatch batch, Tensor mask, Tensor rows, LossScale scale)
    {
        if (scale.Sequences <= 0 || scale.Tokens <= 0) return ObjectiveScope.Result(zeros([], current.LogProbs.dtype, current.LogProbs.device), []);
        // Lent: what is new here goes with the scope, the rest stays the caller's, so the view itself is not disposed.
        var view = new UpdateBatch
        {
            Advantages = batch.Advantages,
            CompletionMask = mask,
            IsDemonstration = batch.IsDemonstration,
            SequenceWeights = rows.to(batch.SequenceWeights.dtype).Over(scale.Sequences),
            Scale = scale,
            OldLogProbs = batch.OldLogProbs,
            ReferenceLogProbs = batch.ReferenceLogProbs,
            LabelTokenMask = batch.LabelTokenMask,
            PolicyTokenMask = batch.PolicyTokenMask,
            Rewards = batch.Rewards,
            Step = batch.Step,
        };
        using var result = inner.Evaluate(current, view);
        return ObjectiveScope.Result(result.Loss.alias(), result.Metrics.Select(m => (m.Name, m.Value.alias())));
    }
}
