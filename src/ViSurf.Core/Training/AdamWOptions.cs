using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>Knobs of <see cref="AdamWOptimizer"/>.</summary>
public sealed record AdamWOptions
{
    /// <summary>The learning rate of each update.</summary>
    /// <value>Constant 1e-6, the rate of ViSurf's ancestors for all weights of a 7B model. LoRA wants 10 to 100 times more.</value>
    public LearningRateSchedule LearningRate { get; init => field = Guard.NotNull(value); } = Training.LearningRate.Constant(1e-6);

    /// <summary>Decay of the mean of gradients, in [0, 1).</summary>
    /// <value>0.9.</value>
    public double Beta1 { get; init => field = Guard.InRange(value, 0, Math.BitDecrement(1.0)); } = 0.9;

    /// <summary>Decay of the mean of squared gradients, in [0, 1).</summary>
    /// <value>0.999.</value>
    public double Beta2 { get; init => field = Guard.InRange(value, 0, Math.BitDecrement(1.0)); } = 0.999;

    /// <summary>Added to the denominator.</summary>
    /// <value>1e-8.</value>
    public double Epsilon { get; init => field = Guard.Positive(value); } = 1e-8;

    /// <summary>Each update first shrinks a weight by learning rate × this.</summary>
    /// <value>0.01.</value>
    public double WeightDecay { get; init => field = Guard.NotNegative(value); } = 1e-2;

    /// <summary>Whether biases and norm scales (parameters of one dimension or none) decay too.</summary>
    /// <value>true, as torch's AdamW and the reference recipes do.</value>
    public bool DecayVectors { get; init; } = true;

    /// <summary>
    /// Keeps a float32 copy of every trained parameter of lower precision and updates that; costs 4 bytes a trained parameter. An update of
    /// 1e-6 to a bfloat16 weight of 0.02 (spacing 1.2e-4 there) must add up somewhere.
    /// </summary>
    /// <remarks>
    /// bfloat16 weights are rounded stochastically, from the copy or, without one, from the sum itself. Rounded to nearest they would stay behind
    /// their copy until it is half a spacing away: dozens of updates at the usual rates, in which rollouts and gradients come from old weights.
    /// Without copies the rounding noise adds up instead.
    /// </remarks>
    /// <value>true. It changes nothing for float32 and float64 parameters, and frozen parameters have no copy.</value>
    public bool MasterWeights { get; init; } = true;

    /// <summary>
    /// What the two moments are stored in: <c>Float32</c> (8 bytes a trained parameter) or <c>BFloat16</c> (4 bytes). The arithmetic is float32
    /// either way. bfloat16 moments are rounded stochastically: the mean of squares moves by 1/1000 of itself, a quarter at most of
    /// bfloat16's spacing, and rounded to nearest it could never shrink.
    /// </summary>
    /// <value>
    /// Float32 (float64 for float64 parameters): exact, and what the reference recipes use. With BFloat16 the mean of squares carries
    /// rounding noise of some percent of itself, so each weight's step does too; it is right on average.
    /// </value>
    /// <exception cref="ArgumentException">Another dtype.</exception>
    public ScalarType StateType
    {
        get;
        init => field = value is ScalarType.Float32 or ScalarType.BFloat16
            ? value
            : throw new ArgumentException($"Expected a StateType of Float32 or BFloat16, got {value}.", nameof(value));
    } = ScalarType.Float32;

    /// <summary>
    /// Whether an update is made of few, fused operators instead of many small ones: the same values but for rounding, and state that loads
    /// either way. LoRA's hundreds of factors are then updated by one call instead of eight each, weights of lower precision by six or
    /// seven a piece instead of 25 (counted, not timed). On a CPU small operators are cheap, and the plain way repeats bit for bit what
    /// earlier versions made.
    /// </summary>
    /// <value>null: for parameters on CUDA. Float64 parameters and what the libtorch that runs does not have go the plain way.</value>
    public bool? Fused { get; init; }
}
