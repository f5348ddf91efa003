using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;

namespace ViSurf.Core.Training;

/// <summary>How many tokens of its label a rollout begins with: a pure function, so that a resumed run begins with the same ones.</summary>
/// <param name="example">The example.</param>
/// <param name="labelTokens">Tokens of its label, the end-of-turn token included.</param>
/// <param name="step">Index of the step.</param>
public delegate int PrefixLength(VisionExample example, int labelTokens, long step);

/// <summary>The known lengths.</summary>
public static class PrefixLengths
{
    /// <summary>A share of the label that follows a schedule; Prefix-RFT (arXiv 2507.01679) takes a cosine from 95 % to 5 %.</summary>
    /// <param name="share">In [0, 1] at every step.</param>
    public static PrefixLength Share(CoefficientSchedule share)
    {
        Guard.NotNull(share);
        return (_, labelTokens, step) => (int)Math.Round(Guard.InRange(share(step), 0.0, 1.0) * labelTokens);
    }

    /// <summary>
    /// UFT's (arXiv 2505.16984): the label in equal pieces, each given with a probability that falls from <paramref name="high"/> to
    /// <paramref name="low"/> along half a cosine; none after <paramref name="steps"/>.
    /// </summary>
    /// <remarks>The authors cut the solution at its sentences, at most <paramref name="pieces"/> of them; an answer of boxes has none, so here it is cut by tokens.</remarks>
    /// <param name="steps">Steps with hints, greater than 0. 300 of 500 in the authors' configuration.</param>
    /// <param name="pieces">Greater than 0. 5 as there.</param>
    /// <param name="high">0.95 as there.</param>
    /// <param name="low">0.05 as there.</param>
    /// <param name="seed">Root of the draws.</param>
    public static PrefixLength Binomial(long steps = 300, int pieces = 5, double high = 0.95, double low = 0.05, long seed = 0)
    {
        Guard.Positive(pieces);
        var probability = Coefficient.Cosine(Guard.InRange(high, 0.0, 1.0), Guard.InRange(low, 0.0, 1.0), steps);
        return (example, labelTokens, step) =>
        {
            if (step > steps) return 0;
            var (n, p) = (Math.Min(pieces, labelTokens), probability(step));
            var given = Enumerable.Range(0, n).Count(i => SeedStream.Uniform(seed, step, SeedStream.Key(example.Id), 0, i) < p);
            return (int)Math.Round(given / (double)n * labelTokens);
        };
    }
}
