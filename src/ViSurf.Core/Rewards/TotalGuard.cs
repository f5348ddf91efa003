using System.Globalization;

namespace ViSurf.Core.Rewards;

/// <summary>Refuses rewards that are too large to be compared, where they would end as advantages of 0 without a word.</summary>
internal static class TotalGuard
{
    /// <summary>The square of a larger number is infinite, and deviations are made of squares.</summary>
    public const double Largest = 1e150;

    /// <summary>Looks at every completion that something judged.</summary>
    /// <exception cref="InvalidOperationException">
    /// A value or a total is beyond ±<see cref="Largest"/> or not a number; names example, completion and rewards.
    /// </exception>
    public static void Check(ScoredGroup group)
    {
        for (var i = 0; i < group.Scores.Count; i++)
        {
            var score = group.Scores[i];
            if (!score.IsScored || (IsFine(score.Total) && score.Components.All(c => IsFine(c.Value ?? 0)))) continue;
            throw new InvalidOperationException(
                $"Expected the rewards of example '{group.Group.Example.Id}', {RewardSuite.Describe(group.Group, i)}, "
                    + $"and their total to lie within ±{Number(Largest)}, "
                + $"got the total {Number(score.Total)} of "
                + $"{string.Join(" + ", score.Components.Select(c => $"{Number(c.Weight)} · {c.Name} {(c.Value is { } value ? Number(value) : "(none)")}"))}. "
                + "Lower the reward or its weight, or clamp it: reward.Clamped(low, high).");
        }
    }

    private static bool IsFine(double number) => Math.Abs(number) <= Largest;

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
