using TorchSharp;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// Numbers for what <see cref="Common.ScalarOps"/> does not do (<c>full</c>, <c>fill_</c>, <c>pow</c>): never freed, so that no garbage
/// collection of a test beside this one frees them during the call.
/// </summary>
internal static class Scalars
{
    public static Scalar Of(double number) => Kept(number);

    public static Scalar Of(long number) => Kept(number);

    private static Scalar Kept(Scalar scalar)
    {
        GC.SuppressFinalize(scalar);
        return scalar;
    }
}
