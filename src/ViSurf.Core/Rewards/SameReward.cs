namespace ViSurf.Core.Rewards;

/// <summary>When two rewards are one: a sum of decimals that should be equal to another may differ from it in its last bits.</summary>
internal static class SameReward
{
    /// <summary>Rewards that differ by less are the same: far above the rounding of sums, far below what a reward means to tell apart.</summary>
    public const double Tolerance = 1e-9;

    /// <summary>Whether the two are the same.</summary>
    public static bool Is(double a, double b) => Math.Abs(a - b) < Tolerance;

    /// <summary>Whether there are rewards and no two of them differ.</summary>
    public static bool IsAll(IReadOnlyCollection<double> rewards) => rewards.Count > 0 && Is(rewards.Max(), rewards.Min());
}
