using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class StagedFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Target => _folder.File("report");

    [Fact]
    public void What_was_there_stands_until_all_is_written()
    {
        File.WriteAllText(Target, "a long old text");
        StagedFile.Write(Target, file =>
        {
            file.Write("new"u8);
            file.Flush();
            File.ReadAllText(Target).Should().Be("a long old text");
        });
        File.ReadAllText(Target).Should().Be("new");
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_beside_it()
    {
        File.WriteAllText(Target, "old");
        FluentActions.Invoking(() => StagedFile.Write(Target, file =>
        {
            file.Write("half"u8);
            throw new InvalidOperationException("no more");
        })).Should().Throw<InvalidOperationException>().WithMessage("no more");
        File.ReadAllText(Target).Should().Be("old");
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void A_place_that_cannot_be_taken_is_left_as_it_was()
    {
        Directory.CreateDirectory(Target);
        FluentActions.Invoking(() => StagedFile.Write(Target, file => file.Write("new"u8))).Should().Throw<Exception>().Which.Should().Match(e => e is IOException || e is UnauthorizedAccessException);
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void A_missing_directory_is_what_the_error_is_about()
        => FluentActions.Invoking(() => StagedFile.Write(_folder.File("none/report"), _ => { })).Should().Throw<DirectoryNotFoundException>().WithMessage("*none*");

    public void Dispose() => _folder.Dispose();
}
