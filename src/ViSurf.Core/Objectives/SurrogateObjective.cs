using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// The policy-gradient family as three choices: a loss per token (<see cref="Surrogate"/>), whose ratio it sees
/// (<see cref="Objectives.RatioLevel"/>), and how tokens become one number (<see cref="LossAggregation"/>).
/// </summary>
/// <remarks>
/// Rows of labels are rows like any other. Metrics: <c>policy_loss</c>, the surrogate's own, over the step's tokens the means <c>ratio</c>,
/// <c>approx_kl</c> (k3 of π_old against π_θ) and, when there, <c>entropy</c>.
/// </remarks>
/// <param name="surrogate">The loss of each token; see <see cref="Surrogates"/> for the known ones.</param>
/// <param name="aggregation">Default: the mean over a sequence, then over sequences.</param>
/// <param name="ratioLevel">Default: token ratios.</param>
public sealed class SurrogateObjective(
    Surrogate surrogate, LossAggregation aggregation = LossAggregation.SequenceMean,
        RatioLevel ratioLevel = RatioLevel.Token) : IObjective, IDescribed
{
    private readonly Surrogate _surrogate = Guard.NotNull(surrogate);

    /// <summary>The loss of each token.</summary>
    public Surrogate Surrogate => _surrogate;

    /// <summary>How token losses become one loss.</summary>
    public LossAggregation Aggregation { get; } = aggregation;

    /// <summary>Whose ratio the surrogate sees.</summary>
    public RatioLevel RatioLevel { get; } = ratioLevel;

    string IDescribed.Description
        => FormattableString.Invariant($"SurrogateObjective({Descriptions.Of(_surrogate)}, {RatioLevel}, {Aggregation})");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var terms = PolicyTerms.Of(current, batch, RatioLevel);
        var surrogate = _surrogate(terms);
        TensorGuard.Shape(surrogate.PerToken, null, terms.LogProbs.shape);
        var perToken = batch.PolicyTokenMask is { } chosen ? MaskedReduce.Fill(surrogate.PerToken, chosen) : surrogate.PerToken;
        var loss = Aggregation.Reduce(perToken, batch);

        var metrics = new List<(string, Tensor)> { ("policy_loss", loss.detach().clone()) };
        metrics.AddRange(surrogate.TokenMetrics.Select(m => (m.Name, ObjectiveInputs.TokenShare(m.Value.to(terms.LogProbs.dtype), batch))));
        metrics.AddRange(surrogate.SequenceMetrics.Select(m => (m.Name, ObjectiveInputs.RowShare(m.Value.to(terms.LogProbs.dtype), batch))));
        metrics.Add(("ratio", ObjectiveInputs.TokenShare(terms.Ratio, batch)));
        metrics.Add(("approx_kl", ObjectiveInputs.TokenShare(KlEstimators.K3(terms.LogRatio), batch)));
        if (terms.Entropy is { } entropy) metrics.Add(("entropy", ObjectiveInputs.TokenShare(entropy, batch)));
        return ObjectiveScope.Result(loss, metrics);
    }
}
