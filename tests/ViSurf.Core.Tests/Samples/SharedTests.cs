using FluentAssertions;
using Samples.Shared;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

[Collection(Alone.Name)]
public class SharedTests
{
    private static CommandLine Line => new("usage", new Option("--steps", "N", "steps (60)"), new Option("--smoke", null, "quick"));

    [Fact]
    public void A_result_folder_appears_only_when_it_is_committed()
    {
        using var root = new TemporaryFolder();
        var target = Path.Combine(root.Path, "result");
        using (var abandoned = new StagedFolder(target, "mark"))
            File.WriteAllText(Path.Combine(abandoned.Path, "mark"), "half");
        Directory.EnumerateFileSystemEntries(root.Path).Should().BeEmpty();

        using var kept = new StagedFolder(target, "mark");
        File.WriteAllText(Path.Combine(kept.Path, "mark"), "whole");
        Directory.Exists(target).Should().BeFalse();
        kept.Commit().Should().Be(target);
        File.ReadAllText(Path.Combine(target, "mark")).Should().Be("whole");
    }

    [Fact]
    public void An_earlier_result_is_replaced_and_a_folder_of_something_else_is_left_alone()
    {
        using var root = new TemporaryFolder();
        var target = Path.Combine(root.Path, "result");
        Directory.CreateDirectory(target);
        File.WriteAllText(Path.Combine(target, "thesis.txt"), "mine");
        FluentActions.Invoking(() => new StagedFolder(target, "mark")).Should().Throw<IOException>().WithMessage("*not an earlier result*");

        File.WriteAllText(Path.Combine(target, "mark"), "old");
        using var staged = new StagedFolder(target, "mark");
        File.WriteAllText(Path.Combine(staged.Path, "mark"), "new");
        staged.Commit();
        Directory.GetFiles(target).Select(Path.GetFileName).Should().Equal("mark");
    }

    [Fact]
    public void Options_have_values_defaults_and_switches()
    {
        var line = Line.Parse(["--steps", "7", "--smoke"]);
        line.Number("--steps", 60, least: 1).Should().Be(7);
        line.Has("--smoke").Should().BeTrue();
        Line.Parse([]).Number("--steps", 60, least: 1).Should().Be(60);
        Line.Parse(["-h"]).WantsHelp.Should().BeTrue();
        Line.Help.Should().Contain("--steps N").And.Contain("--help");
    }

    [Theory]
    [InlineData("Unknown option '--step'*", "--step", "7")]
    [InlineData("Expected N after --steps*", "--steps")]
    [InlineData("*given twice*", "--smoke", "--smoke")]
    [InlineData("*at least 1 after --steps, got '0'*", "--steps", "0")]
    [InlineData("*got 'many'*", "--steps", "many")]
    public void A_wrong_option_says_what_was_expected(string message, params string[] args)
        => FluentActions.Invoking(() => Line.Parse(args).Number("--steps", 60, least: 1)).Should().Throw<ArgumentException>().WithMessage(message);

    [Theory]
    [InlineData(typeof(InvalidDataException))]
    [InlineData(typeof(FileNotFoundException))]
    [InlineData(typeof(FormatException))]
    public void Bad_input_is_one_line_and_exit_code_1(Type kind)
    {
        var error = Console.Error;
        using var written = new StringWriter();
        try
        {
            Console.SetError(written);
            Run.Guarded(_ => throw (Exception)Activator.CreateInstance(kind, "first\nsecond")!).Should().Be(1);
        }
        finally
        {
            Console.SetError(error);
        }
        written.ToString().Should().Be("error: first second" + Environment.NewLine);
    }

    [Fact]
    public void A_bug_keeps_its_stack_trace()
        => FluentActions.Invoking(() => Run.Guarded(_ => throw new InvalidOperationException("bug"))).Should().Throw<InvalidOperationException>();
}
