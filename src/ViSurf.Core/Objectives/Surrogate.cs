using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// The loss of each token, before aggregation: the one formula in which the policy-gradient methods differ. Reads any of the terms,
/// returns [N, T]; a lambda is one: <c>t =&gt; -(t.Ratio * t.Advantages)</c>. Numbers beside tensors: see docs/decisions.md.
/// </summary>
public delegate SurrogateLoss Surrogate(PolicyTerms terms);

/// <summary>The loss of each token with what is worth reporting about it.</summary>
/// <param name="perToken">[N, T], with gradient; anything in the padding.</param>
public readonly struct SurrogateLoss(Tensor perToken)
{
    /// <summary>[N, T], with gradient.</summary>
    public Tensor PerToken { get; } = perToken;

    /// <summary>Named [N, T]; reported as the mean over the step's tokens.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> TokenMetrics { get; init; } = [];

    /// <summary>Named [N, 1]; reported as the mean over the step's sequences.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> SequenceMetrics { get; init; } = [];

    /// <summary>A loss without metrics of its own.</summary>
    public static implicit operator SurrogateLoss(Tensor perToken) => new(perToken);
}

/// <summary>A surrogate that says its numbers, so that an objective made of it can be compared with what it was.</summary>
internal sealed class NamedSurrogate : IDescribed
{
    private readonly Surrogate _formula;

    private NamedSurrogate(string description, Surrogate formula) => (Description, _formula) = (description, formula);

    public string Description { get; }

    public static Surrogate Of(FormattableString description, Surrogate formula)
        => new NamedSurrogate(FormattableString.Invariant(description), formula).Evaluate;

    private SurrogateLoss Evaluate(PolicyTerms terms) => _formula(terms);
}
