namespace ViSurf.Core.Common;

/// <summary>Whether two numbers are as near to each other as a tolerance asks.</summary>
internal static class Closeness
{
    /// <summary>
    /// Whether the two differ by no more than the tolerance. A number that is infinite or NaN is near nothing, itself included, and no
    /// tolerance is infinite: a share of infinity is infinity, and would call every pair equal.
    /// </summary>
    public static bool Within(double a, double b, double tolerance)
        => double.IsFinite(a) && double.IsFinite(b) && (a == b || (double.IsFinite(tolerance) && Math.Abs(a - b) <= tolerance));
}
