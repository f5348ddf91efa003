namespace ViSurf.Core.Objectives;

/// <summary>Whether the probability ratio belongs to a token or to its whole sequence.</summary>
public enum RatioLevel
{
    /// <summary>ρ of each token (PPO, GRPO).</summary>
    Token,

    /// <summary>One ρ per sequence: the geometric mean of its tokens' ratios (GSPO, arXiv 2507.18071).</summary>
    Sequence,

    /// <summary>
    /// The value of <see cref="Sequence"/> with the gradient of the token alone, sg(s) · π/sg(π) (GSPO-token, arXiv 2507.18071): the same
    /// gradient as <see cref="Sequence"/> while a sequence has one advantage, and the right one when its tokens have their own.
    /// </summary>
    SequenceToken,
}
