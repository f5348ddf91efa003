using ViSurf.Core.Common;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;

namespace ViSurf.Core.Training;

/// <summary>
/// The numbers of losses beyond clip, KL and entropy: <c>Recipes.Luffy with { Numbers = new() { Gamma = 0.3 } }</c>. A recipe's loss reads those of
/// its method and no others.
/// </summary>
public sealed record LossNumbers
{
    /// <summary>Weight of the supervised term: λ of RL + SFT, c of HPT and UFT. At least 0.</summary>
    /// <value>1.</value>
    public double Supervised { get; init => field = Guard.NotNegative(value); } = 1;

    /// <summary>μ of CHORD, the share of the supervised term at each step, in [0, 1].</summary>
    /// <value>0.1 at every step, Trinity-RFT's default.</value>
    public CoefficientSchedule Mu { get; init => field = Guard.NotNull(value); } = Coefficient.Constant(0.1);

    /// <summary>γ of LUFFY's shaping. Greater than 0.</summary>
    /// <value>0.1.</value>
    public double Gamma { get; init => field = Guard.Positive(value); } = 0.1;

    /// <summary>ε_high of CISPO, the largest weight of a token. Greater than 0.</summary>
    /// <value>5.</value>
    public double WeightCap { get; init => field = Guard.Positive(value); } = 5;

    /// <summary>τ of SAPO for positive advantages and for the others.</summary>
    /// <value>1.0 and 1.05.</value>
    public (double Positive, double Negative) Temperatures { get; init; } = (1.0, 1.05);

    /// <summary>k and λ of VESPO for advantages from 0 up and below.</summary>
    /// <value>(2, 3) and (3, 2).</value>
    public (GammaShape Positive, GammaShape Negative) Shapes { get; init; } = (new GammaShape(2, 3), new GammaShape(3, 2));

    /// <summary>SRFT's; which rollouts are right is <see cref="Recipe.RightFrom"/>'s to say.</summary>
    /// <value>The authors'.</value>
    public SrftOptions Srft { get; init => field = Guard.NotNull(value); } = new();
}
