namespace ViSurf.Core.Tests.Support;

/// <summary>Inputs rebuilt from public bug reports, a folder each: the copies beside the tests, or another directory of the same layout named by VISURF_CASES.</summary>
internal static class Cases
{
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("VISURF_CASES") is { Length: > 0 } root ? root : Fixtures.PathOf("cases");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);
}
