using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>
/// The learning rate as a pure function of the number of updates made so far (0 for the first): nothing to save, nothing to resume.
/// </summary>
public delegate double LearningRateSchedule(long update);

/// <summary>The usual schedules. A lambda is a schedule too: <c>update =&gt; 1e-6 / (1 + update)</c>.</summary>
public static class LearningRate
{
    /// <summary>The same rate for ever.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is negative.</exception>
    public static LearningRateSchedule Constant(double rate)
    {
        Guard.NotNegative(rate);
        return _ => rate;
    }

    /// <summary>A straight line from <paramref name="peak"/> at update 0 to <paramref name="final"/> at <paramref name="updates"/>, then flat.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A rate is negative, or <paramref name="updates"/> is not positive.</exception>
    public static LearningRateSchedule Linear(double peak, long updates, double final = 0)
    {
        Check(peak, updates, final);
        return update => final + (peak - final) * (1 - Progress(update, updates));
    }

    /// <summary>Half a cosine from <paramref name="peak"/> at update 0 to <paramref name="final"/> at <paramref name="updates"/>, then flat.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A rate is negative, or <paramref name="updates"/> is not positive.</exception>
    public static LearningRateSchedule Cosine(double peak, long updates, double final = 0)
    {
        Check(peak, updates, final);
        return update => final + (peak - final) * 0.5 * (1 + Math.Cos(Math.PI * Progress(update, updates)));
    }

    /// <summary>
    /// Climbs in a straight line to the schedule's first rate over <paramref name="updates"/> updates, then runs the schedule from its
    /// beginning. The first update already has rate 1 / <paramref name="updates"/>: a rate of 0 would waste its rollouts.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="updates"/> is negative.</exception>
    public static LearningRateSchedule WithWarmUp(this LearningRateSchedule schedule, long updates)
    {
        Guard.NotNull(schedule);
        Guard.NotNegative(updates);
        return update => update < updates ? schedule(0) * (update + 1) / updates : schedule(update - updates);
    }

    private static double Progress(long update, long updates) => Math.Clamp(update / (double)updates, 0, 1);

    private static void Check(double peak, long updates, double final)
    {
        Guard.NotNegative(peak);
        Guard.Positive(updates);
        Guard.NotNegative(final);
    }
}
