using System.Globalization;

namespace ViSurf.Core.Common;

/// <summary>A number that moves with the step is a function: it is compared where it is asked most.</summary>
internal static class ScheduleText
{
    private static readonly long[] Probes = [0, 1, 10, 100, 1000, 10_000, 100_000];

    /// <summary>Its values at a few steps; one number where it does not move.</summary>
    public static string Of(Func<long, double> schedule)
    {
        var values = Probes.Select(step => At(schedule, step)).ToArray();
        return values.Distinct().Count() == 1 ? values[0]
            : string.Join(", ", Probes.Zip(values, (step, value) => string.Create(CultureInfo.InvariantCulture, $"{step}: {value}")));
    }

    private static string At(Func<long, double> schedule, long step)
    {
        try
        {
            return schedule(step).ToString(CultureInfo.InvariantCulture);
        }
        catch (ArgumentException)
        {
            // A schedule may refuse steps that the run never makes; whether it does is part of what it is.
            return "refused";
        }
    }
}
