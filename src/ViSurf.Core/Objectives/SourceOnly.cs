using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Who wrote a token.</summary>
public enum TokenSource
{
    /// <summary>The policy.</summary>
    Policy,

    /// <summary>The label, as a whole row or as the beginning of a rollout. See <see cref="UpdateBatch.LabelTokenMask"/>.</summary>
    Label,
}

/// <summary>
/// Shows an objective the tokens of one source and nothing else: mask, sizes and weights are theirs, so that the value is that of a step which
/// never had the other ones. What a sum of a reinforced and a supervised term is made of.
/// </summary>
/// <remarks>
/// A step without such a token has loss 0 and no metrics of the inner objective. Rows weigh the same, whatever their group. A rollout that begins
/// with tokens of the label is a row of both sources.
/// </remarks>
/// <param name="source">Whose tokens.</param>
/// <param name="inner">The objective to show them to.</param>
public sealed class SourceOnly(TokenSource source, IObjective inner) : IObjective, IDescribed, IWrapper
{
    private readonly IObjective _inner = Guard.NotNull(inner);
    private readonly bool _labels = source switch
    {
        TokenSource.Policy => false,
        TokenSource.Label => true,
        _ => throw new ArgumentException($"Expected one of the TokenSource names, got {source}.", nameof(source)),
    };

    string IDescribed.Description
        => FormattableString.Invariant($"SourceOnly({(_labels ? TokenSource.Label : TokenSource.Policy)}; {Descriptions.Of(_inner)})");

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        ObjectiveInputs.Check(current, batch);
        var scale = Sizes(batch.Scale);
        if (scale.Sequences <= 0 || scale.Tokens <= 0) return ObjectiveScope.Result(zeros([], current.LogProbs.dtype, current.LogProbs.device), []);
        var labels = batch.LabelTokens();
        var mask = _labels ? labels : batch.CompletionMask & labels.logical_not();
        var rows = _labels ? labels.any(1, true) : batch.IsDemonstration.logical_not();
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
        using var result = _inner.Evaluate(current, view);
        return ObjectiveScope.Result(result.Loss.alias(), result.Metrics.Select(m => (m.Name, m.Value.alias())));
    }

    private LossScale Sizes(LossScale all) => _labels
        ? all with { Tokens = all.DemonstrationTokens, Sequences = all.Demonstrations + all.Prefixed }
        : new LossScale(all.Tokens - all.DemonstrationTokens, 0, all.Sequences - all.Demonstrations, 0, all.MaxNewTokens);
}
