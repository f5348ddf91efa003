using ViSurf.Core.Tests.Support;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>The C# files of this test project, by their path in it.</summary>
internal static class TestFiles
{
    private static readonly Lazy<IReadOnlyList<SourceFile>> Files = new(() => SourceFile.Below("tests", "ViSurf.Core.Tests"));

    public static IReadOnlyList<SourceFile> All() => Files.Value;
}
