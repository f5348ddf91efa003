using System.Text.RegularExpressions;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>Test classes run beside each other; what looks at the whole process, or changes it, is in <see cref="Alone"/>.</summary>
public sealed partial class AloneTests
{
    [Fact]
    public void What_looks_at_the_whole_process_runs_alone()
        => TestFiles.All().Where(f => !f.Path.StartsWith("Support/", StringComparison.Ordinal) && Whole().IsMatch(f.Code) && !IsAlone(f.Code))
            .Select(f => $"{f.Path}: {Whole().Match(f.Code).Value}").Should().Equal([], "a class that reads it says [Collection(Alone.Name)]");

    [Fact]
    public void Who_runs_alone_has_a_reason()
        => TestFiles.All().Where(f => IsAlone(f.Code) && !Whole().IsMatch(f.Code)).Select(f => f.Path).Should().BeEmpty();

    [Theory]
    [InlineData("var live = Tensor.TotalCount;")]
    [InlineData("using var memory = new PeakMemory();")]
    [InlineData("Console.SetError(written);")]
    public void It_is_seen(string line) => Whole().IsMatch(line).Should().BeTrue();

    private static bool IsAlone(string code) => code.Contains("[Collection(Alone.Name)]", StringComparison.Ordinal);

    [GeneratedRegex(@"\b(WorkingSet|PeakMemory|GetTotalMemory|ResidentMemory|Tensor\.TotalCount|set_num_threads|Refused\.With|Console\.Set(Error|Out|In)"
        + @"|SetEnvironmentVariable|DefaultThreadCurrent(UI)?Culture|CurrentDirectory = |UseDeterministicAlgorithms\(|set_default_device)")]
    private static partial Regex Whole();
}
