using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>Knobs of <see cref="SrftObjective"/>; the values are those of the authors' code.</summary>
public sealed record SrftOptions
{
    /// <summary>Supervised weight at entropy 0; it falls as e^(−H).</summary>
    /// <value>0.5.</value>
    public double Supervised { get; init => field = Guard.NotNegative(value); } = 0.5;

    /// <summary>Weight of right rollouts at entropy 0; it grows as e^H.</summary>
    /// <value>0.1.</value>
    public double Positive { get; init => field = Guard.NotNegative(value); } = 0.1;

    /// <summary>γ of the label's shaped policy gradient, see <see cref="LuffyObjective"/>.</summary>
    /// <value>0.1.</value>
    public double Gamma { get; init => field = Guard.Positive(value); } = 0.1;

    /// <summary>A rollout whose reward is greater is right.</summary>
    /// <value>0.5: rewards are 0 and 1 in the paper. Set it for a suite with another maximum.</value>
    public double RightAbove { get; init; } = 0.5;

    /// <summary>How token losses become one loss, in each part.</summary>
    /// <value><see cref="LossAggregation.TokenMean"/>, which the authors' script has for the supervised part alone; see docs/decisions.md.</value>
    public LossAggregation Aggregation { get; init; } = LossAggregation.TokenMean;
}

/// <summary>SRFT: one stage in which entropy says how much to imitate and how much to explore.</summary>
/// <remarks>
/// With H the mean token entropy of a sequence and sg = stop-gradient, each line averaged over its own rows (arXiv 2506.19767; code in TsinghuaC3I/Unify-Post-Training):
/// <code>
/// label:          −0.5 · sg(e^(−H)) · log π − f(p) · Â,   f(p) = p/(p + γ),  Â of the group with its label
/// right rollout:  −0.1 · sg(e^H) · log π
/// wrong rollout:  +log π
/// </code>
/// Rewards, not advantages, decide on the rollouts, so an advantage of 0 does not silence them, and the loss is not bounded below: it
/// relies on clipping and on wrong rollouts becoming rare. Needs entropies and <see cref="UpdateBatch.Rewards"/>. Metrics: those of
/// <see cref="SurrogateObjective"/> for the rollouts and again, with a 2 behind the name, for the labels; <c>right_fraction</c> of the rollouts.
/// </remarks>
/// <param name="options">Null for the authors' values.</param>
public sealed class SrftObjective(SrftOptions? options = null) : IObjective, IWrapper
{
    private readonly WeightedSum _objective = Build(options ?? new SrftOptions());

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The scores have no entropy, or the batch has no rewards.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    private static WeightedSum Build(SrftOptions options)
    {
        var shaped = LuffyObjective.Shaped(options.Gamma);
        return new WeightedSum(
            new ObjectiveTerm(new SourceOnly(TokenSource.Policy, new SurrogateObjective(
                NamedSurrogate.Of($"Srft({options.Positive}, right above {options.RightAbove})", terms => Rollouts(terms, options)),
                options.Aggregation))),
            new ObjectiveTerm(new SourceOnly(TokenSource.Label, new SurrogateObjective(
                NamedSurrogate.Of($"Srft({options.Supervised}, {Descriptions.Of(shaped)})",
                    terms => shaped(terms).PerToken.Plus(Weight(terms, -1, options.Supervised) * -terms.LogProbs)), options.Aggregation))));
    }

    private static SurrogateLoss Rollouts(PolicyTerms terms, SrftOptions options)
    {
        var rewards = terms.Rewards ?? throw new ArgumentException(
            "Expected Rewards in the batch, got null. SRFT tells right rollouts from wrong ones by their reward.");
        var right = rewards.IsAbove(options.RightAbove);
        var perToken = where(right, Weight(terms, 1, options.Positive) * -terms.LogProbs, terms.LogProbs);
        // Neither right nor wrong: nothing judged it.
        perToken = where(rewards.isnan(), zeros_like(perToken), perToken);
        return new SurrogateLoss(perToken) { SequenceMetrics = [("right_fraction", right)] };
    }

    /// <summary>scale · e^(sign · H) of each sequence, [N, 1], detached.</summary>
    private static Tensor Weight(PolicyTerms terms, int sign, double scale)
    {
        var entropy = terms.Entropy ?? throw new ArgumentException(
            "Expected scores with entropy, got none. SRFT weighs by it: score with SequenceBatch.WithEntropy = true.");
        return MaskedReduce.RowMeans(entropy, terms.Mask).Times((double)sign).exp().Times(scale);
    }
}
