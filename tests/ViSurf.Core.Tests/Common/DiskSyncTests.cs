using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class DiskSyncTests
{
    [Fact]
    public void A_tree_is_flushed_and_stays_as_it_is()
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder.File("a/b"));
        File.WriteAllText(folder.File("a/b/c"), "text");
        DiskSync.Tree(folder.Path);
        File.ReadAllText(folder.File("a/b/c")).Should().Be("text");
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error()
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new TemporaryDirectory();
        FluentActions.Invoking(() => DiskSync.Entries(folder.File("none"))).Should().Throw<IOException>().WithMessage("*none' could not be flushed*No such file*");
    }
}
