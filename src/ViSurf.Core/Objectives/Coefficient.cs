using ViSurf.Core.Common;

namespace ViSurf.Core.Objectives;

/// <summary>
/// The weight of a term as a function of the step (0 for the first): like a learning rate, nothing to save and nothing to resume. A lambda
/// is one, also one that reads a controller: <c>_ =&gt; adaptive.Value</c>.
/// </summary>
public delegate double CoefficientSchedule(long step);

/// <summary>The usual schedules of coefficients.</summary>
public static class Coefficient
{
    /// <summary>The same weight for ever.</summary>
    /// <exception cref="ArgumentException"><paramref name="value"/> is not finite.</exception>
    public static CoefficientSchedule Constant(double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentException($"Expected a finite coefficient, got {value}.", nameof(value));
        return _ => value;
    }

    /// <summary>A straight line from <paramref name="from"/> at step 0 to <paramref name="to"/> at <paramref name="steps"/>, then flat.</summary>
    public static CoefficientSchedule Linear(double from, double to, long steps)
    {
        Guard.Positive(steps);
        return step => from + (to - from) * Math.Clamp(step / (double)steps, 0, 1);
    }

    /// <summary>Half a cosine from <paramref name="from"/> at step 0 to <paramref name="to"/> at <paramref name="steps"/>, then flat.</summary>
    public static CoefficientSchedule Cosine(double from, double to, long steps)
    {
        Guard.Positive(steps);
        return step => to + (from - to) * 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(step / (double)steps, 0, 1)));
    }

    /// <summary>CHORD's: a straight line from 0 to <paramref name="peak"/> over the warm-up, then half a cosine down to <paramref name="valley"/>.</summary>
    /// <param name="peak">Reached at step <paramref name="warmUp"/>.</param>
    /// <param name="valley">Reached <paramref name="decay"/> steps later, kept from then on.</param>
    /// <param name="warmUp">Steps, at least 0.</param>
    /// <param name="decay">Steps, greater than 0.</param>
    public static CoefficientSchedule WarmUpThenCosine(double peak, double valley, long warmUp, long decay)
    {
        Guard.NotNegative(warmUp);
        var down = Cosine(peak, valley, decay);
        return step => step < warmUp ? peak * step / warmUp : down(step - warmUp);
    }
}
