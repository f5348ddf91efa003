using Xunit;

namespace ViSurf.Core.Tests.Support;

/// <summary>A fact about the CPU alone: skipped, with its reason, where <see cref="TestDevice"/> is another device.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CpuFactAttribute : FactAttribute
{
    /// <param name="why">Why it says nothing elsewhere: <c>"SIMD kernels"</c>, <c>"sums in another order are other bits"</c>.</param>
    public CpuFactAttribute(string why) => Skip = CpuOnly.Reason(why);
}

/// <summary>A theory about the CPU alone, see <see cref="CpuFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CpuTheoryAttribute : TheoryAttribute
{
    /// <param name="why">Why it says nothing elsewhere.</param>
    public CpuTheoryAttribute(string why) => Skip = CpuOnly.Reason(why);
}

internal static class CpuOnly
{
    /// <summary>Null on the CPU, where the test runs.</summary>
    public static string? Reason(string why) => TestDevice.IsCpu ? null : $"On the CPU alone: {why}.";
}
