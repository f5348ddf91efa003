using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// A per-token estimate of KL(p ‖ q) from samples of p, given x = log q − log p with gradient through p. See <see cref="KlEstimators"/>.
/// </summary>
public delegate Tensor KlEstimator(Tensor logRatio);

/// <summary>The estimators of Schulman, "Approximating KL divergence" (2020), and their straight-through forms.</summary>
/// <remarks>
/// In a loss, what matters is the gradient, not the value: the expected gradient of k1 over samples of p is 0, that of k2 is the gradient of
/// the KL itself, that of k3 is the gradient of the reverse one. The straight-through forms report the value of one estimator and have the
/// gradient of k2 (verl <c>low_var_kl+</c> and <c>k1+</c>). In a reward there is no gradient and k1 is unbiased.
/// </remarks>
public static class KlEstimators
{
    /// <summary>−x: unbiased, may be negative.</summary>
    public static Tensor K1(Tensor logRatio) => logRatio.neg();

    /// <summary>|x|.</summary>
    public static Tensor Absolute(Tensor logRatio) => logRatio.abs();

    /// <summary>x²/2: biased, its gradient is right.</summary>
    public static Tensor K2(Tensor logRatio) => (logRatio * logRatio).Times(0.5);

    /// <summary>e^x − x − 1: unbiased and never negative; what GRPO and TRL use.</summary>
    public static Tensor K3(Tensor logRatio) => (logRatio.exp() - logRatio).Minus(1);

    /// <summary>Value of k1, gradient of k2.</summary>
    public static KlEstimator K1StraightThrough { get; } = StraightThrough(K1);

    /// <summary>Value of k3, gradient of k2.</summary>
    public static KlEstimator K3StraightThrough { get; } = StraightThrough(K3);

    /// <summary>The value of an estimator with the gradient of k2.</summary>
    public static KlEstimator StraightThrough(KlEstimator value)
    {
        return new Straight(Guard.NotNull(value)).Estimate;
    }

    private sealed class Straight(KlEstimator value) : IDescribed
    {
        public string Description => $"StraightThrough({Descriptions.Of(value)})";

        public Tensor Estimate(Tensor logRatio)
        {
            var k2 = K2(logRatio);
            return k2.Plus((value(logRatio) - k2).detach());
        }
    }
}
