using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// The loss of each token, before aggregation: the one formula in which the policy-gradient methods differ. Reads any of the terms,
/// returns [N, T]; a lambda is one: <c>t =&gt; -(t.Ratio * t.Advantages)</c>. Numbers beside tensors: see docs/decisions.md.
/// </summary>
public delegate SurrogateLoss Surrogate(PolicyTerms terms);

/// <summary>The loss of each token with what is worth reporting about it.</summary>
/// <param name="perToken">[N, T], with gradient; anything in the padding.</param>
/// <param name="metrics">
/// Named values: [N, T] is reported as its mean over the step's tokens, [N, 1] as its mean over sequences.
/// </param>
public readonly struct SurrogateLoss(Tensor perToken, params (string Name, Tensor Value)[] metrics)
{
    /// <summary>[N, T], with gradient.</summary>
    public Tensor PerToken { get; } = perToken;

    /// <summary>Named values, [N, T] or [N, 1].</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Metrics { get; } = metrics;

    /// <summary>A loss without metrics of its own.</summary>
    public static implicit operator SurrogateLoss(Tensor perToken) => new(perToken);
}
