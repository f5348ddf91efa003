using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>A weight for the loss of each label token, from its log-probability [N, T]. What it returns is detached.</summary>
public delegate Tensor TokenWeight(Tensor logProbs);

/// <summary>The known weights.</summary>
public static class TokenWeights
{
    /// <summary>p: a token that the policy finds unlikely teaches little (DFT, arXiv 2508.05629).</summary>
    public static Tensor Probability(Tensor logProbs) => logProbs.exp();

    /// <summary>p(1 − p): neither what the policy knows nor what is foreign to it (CHORD-φ, arXiv 2508.11408).</summary>
    public static Tensor Uncertainty(Tensor logProbs)
    {
        var p = logProbs.exp();
        return p - p * p;
    }
}
