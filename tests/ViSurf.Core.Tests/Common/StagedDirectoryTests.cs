using System.Diagnostics;
using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class StagedDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Target => _folder.File("model");

    [Fact]
    public void What_is_committed_replaces_what_was_there_and_leaves_nothing_beside_it()
    {
        Save("old", "a", "b");
        Save("new", "b", "c");
        Contents(Target).Should().Equal("b=new", "c=new");
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void What_is_not_committed_leaves_no_trace()
    {
        Save("old", "a");
        using (var staged = StagedDirectory.Begin(Target, _ => { })) File.WriteAllText(Path.Combine(staged.Path, "a"), "new");
        Contents(Target).Should().Equal("a=old");
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void Two_saves_to_one_place_do_not_mix()
    {
        using var first = StagedDirectory.Begin(Target, _ => { });
        var second = () => StagedDirectory.Begin(Target, _ => { }).Dispose();
        second.Should().Throw<IOException>().WithMessage("*model*held by another save*");
        first.Commit();
    }

    /// <summary>A process can die after any of the renames; each leaves its own set of names.</summary>
    [Theory]
    [InlineData(new[] { "model=1", "model.visurf-partial=2" }, "1", null)]
    [InlineData(new[] { "model=1", "model.visurf-complete=2" }, "1", null)]
    [InlineData(new[] { "model.visurf-previous=1", "model.visurf-complete=2" }, "2", "*model.visurf-complete' and '*model.visurf-previous' are complete*")]
    [InlineData(new[] { "model.visurf-complete=2" }, "2", "*model.visurf-complete' is complete*")]
    [InlineData(new[] { "model=2", "model.visurf-previous=1" }, "2", null)]
    [InlineData(new[] { "model.visurf-previous=1", "model.visurf-partial=2" }, "1", "*model.visurf-previous' is complete*")]
    public void The_next_save_finds_the_newest_complete_directory_in_place_and_a_reader_is_told(string[] left, string expected, string? told)
    {
        foreach (var (name, text) in left.Select(l => (l.Split('=')[0], l.Split('=')[1])))
        {
            Directory.CreateDirectory(_folder.File(name));
            File.WriteAllText(Path.Combine(_folder.File(name), "a"), text);
        }
        if (told is not null) StagedDirectory.Missing(Target, "a model").Message.Should().Match(told);
        else Directory.Exists(Target).Should().BeTrue();

        using (StagedDirectory.Begin(Target, target => Contents(target).Should().Equal($"a={expected}")))
        {
            // Not committed: what was recovered stays.
        }
        Contents(Target).Should().Equal($"a={expected}");
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(Target);
    }

    [Fact]
    public void A_killed_process_leaves_one_whole_save_wherever_it_was()
    {
        var random = new Random(1);
        for (var kill = 0; kill < 12; kill++)
        {
            using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(SaveLoop).Assembly.Location, Target]) { RedirectStandardOutput = true })!;
            child.StandardOutput.ReadLine().Should().Be("saved");
            Thread.Sleep(random.Next(30));
            child.Kill();
            child.WaitForExit();

            // Where the target is absent, the reader's message names a directory that is whole.
            var whole = Directory.Exists(Target) ? Target : Directory.GetDirectories(_folder.Path, "model.visurf-complete").Should().ContainSingle().Subject;
            Contents(whole).Should().HaveCount(SaveLoop.Files).And.OnlyContain(text => text.Split('=')[1] == Contents(whole)[0].Split('=')[1]);
            StagedDirectory.Begin(Target, _ => { }).Dispose();
            Contents(Target).Should().HaveCount(SaveLoop.Files);
        }
    }

    [Fact]
    public void A_link_to_a_directory_stays_a_link()
    {
        Save("old", "a");
        Directory.CreateSymbolicLink(_folder.File("latest"), Target);
        using (var staged = StagedDirectory.Begin(_folder.File("latest"), _ => { }))
        {
            File.WriteAllText(Path.Combine(staged.Path, "a"), "new");
            staged.Commit();
        }
        Contents(Target).Should().Equal("a=new");
        new DirectoryInfo(_folder.File("latest")).LinkTarget.Should().Be(Target);
    }

    [Fact]
    public void A_file_and_the_root_of_a_file_system_are_no_place_to_save_to()
    {
        File.WriteAllText(Target, "");
        var file = () => StagedDirectory.Begin(Target, _ => { }).Dispose();
        var root = () => StagedDirectory.Begin(Path.GetPathRoot(_folder.Path)!, _ => { }).Dispose();
        file.Should().Throw<IOException>().WithMessage("*got the file*model*");
        root.Should().Throw<IOException>().WithMessage("*root of a file system*");
    }

    [Fact]
    public void A_directory_that_comes_into_the_way_is_left_alone_and_what_was_written_is_kept()
    {
        Save("old", "a");
        using (var staged = StagedDirectory.Begin(Target, _ => { }))
        {
            File.WriteAllText(Path.Combine(staged.Path, "a"), "new");
            // In the way of the second rename.
            Directory.CreateDirectory(_folder.File("model.visurf-previous"));
            var commit = () => staged.Commit();
            commit.Should().Throw<IOException>().WithMessage("*model.visurf-complete' is complete but could not take the place of*");
        }
        Contents(Target).Should().Equal("a=old");
        Contents(_folder.File("model.visurf-complete")).Should().Equal("a=new");
    }

    public void Dispose() => _folder.Dispose();

    private void Save(string text, params string[] names)
    {
        using var staged = StagedDirectory.Begin(Target, _ => { });
        foreach (var name in names) File.WriteAllText(Path.Combine(staged.Path, name), text);
        staged.Commit();
    }

    private static string[] Contents(string directory)
        => [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)}={File.ReadAllText(f)}")];
}
