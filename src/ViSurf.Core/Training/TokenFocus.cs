using ViSurf.Core.Common;
using ViSurf.Core.Objectives;

namespace ViSurf.Core.Training;

/// <summary>
/// Restricts the policy-gradient term to the tokens at which the policy is least sure (<see cref="TopEntropy"/>). The quantile is taken over the whole
/// step, before its first update, in a scoring pass of its own: how the step is cut changes nothing.
/// </summary>
public sealed record TokenFocus
{
    /// <summary>The fraction of tokens that are kept, in (0, 1].</summary>
    /// <value>0.2, as in arXiv 2506.01939.</value>
    public double Fraction { get; init => field = Guard.InRange(Guard.Positive(value), 0.0, 1.0); } = 0.2;

    /// <summary>Whether only tokens that a label wrote are restricted, and the quantile is theirs (Prefix-RFT, arXiv 2507.01679); the policy's own are all kept.</summary>
    /// <value>false.</value>
    public bool LabelTokensOnly { get; init; }
}
