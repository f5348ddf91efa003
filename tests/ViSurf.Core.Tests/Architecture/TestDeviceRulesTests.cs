using System.Text.RegularExpressions;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>
/// Tests work on the device that VISURF_DEVICE names (<see cref="TestDevice"/>): what a test makes without a device is there by itself, and
/// this finds what is not. Violations are listed as "file: call".
/// </summary>
public sealed partial class TestDeviceRulesTests
{
    /// <summary>Files whose policies are not the test device's, and why.</summary>
    private static readonly Dictionary<string, string> LoadsElsewhere = new()
    {
        ["Architecture/MetaDeviceTests.cs"] = "on the meta device, which has no numbers",
        ["Docs/PageExamples.cs"] = "compiled, not run",
        ["Docs/ReadmeExample.cs"] = "the example is given the test device",
        ["Samples/OwnLoopTests.cs"] = "the sample runs on the CPU",
    };

    /// <summary>Files that touch tensors and are in no filter of docs/testing.md, and why.</summary>
    private static readonly Dictionary<string, string> NotOnADevice = new()
    {
        ["Models/Kernels/BlockLoopTests.cs"] = "threads of the CPU",
        ["Models/Kernels/FewRowsProductTests.cs"] = "SIMD loops over host memory",
        ["Reporting/ResumedReportTests.cs"] = "a report, and a run that must repeat to the last bit",
        ["Samples/OwnLoopTests.cs"] = "the sample runs on the CPU",
        ["Samples/InspectTests.cs"] = "reads headers",
    };

    private static readonly Dictionary<string, string> ReadsBytes = new()
    {
        ["Support/TestDevice.cs"] = "does it",
        ["Support/TestDeviceTests.cs"] = "tests it",
    };

    [Fact]
    public void Policies_are_loaded_there()
        => Found(LoadsElsewhere, PoliciesElsewhere).Should()
            .Equal([], "a test says QwenVlPolicy.Load(directory, TestDevice.Value), or stands in the list with its reason");

    [Fact]
    public void Seeded_numbers_are_drawn_by_the_CPU_and_moved()
        => Found([], SeededElsewhere).Should().Equal([], "TorchSharp's generators are the CPU's: use TestDevice.Randn, Rand or RandInt");

    [Fact]
    public void Bytes_are_read_through_the_CPU()
        => Found(ReadsBytes, code => Bytes().Matches(code).Select(m => m.Value)).Should()
            .Equal([], "memory of another device cannot be read: use TestDevice.BytesOf");

    [Fact]
    public void The_filters_of_the_documentation_select_every_class_that_touches_tensors()
    {
        var filters = File.ReadLines(Repository.PathOf("docs", "testing.md")).Where(line => line.StartsWith("FullyQualifiedName~", StringComparison.Ordinal))
            .SelectMany(line => line.Split('|')).Select(part => part["FullyQualifiedName~".Length..]).ToArray();
        filters.Should().HaveCountGreaterThan(10);
        Found(NotOnADevice, path => !path.StartsWith("Support/", StringComparison.Ordinal) && !path.StartsWith("Architecture/", StringComparison.Ordinal),
            code => Touches().Matches(code).Take(1).Select(m => m.Value))
            .Where(found => !filters.Any(("ViSurf.Core.Tests." + found.Replace('/', '.')).Contains)).Should().Equal([], "a GPU run would leave them out");
    }

    [Theory]
    [InlineData("var p = QwenVlPolicy.Load(Fixtures.PathOf(name));", 1)]
    [InlineData("var p = QwenVlPolicy.FromDirectory(a, new QwenVlOptions { Type = t });", 1)]
    [InlineData("var p = QwenVlPolicy.Load(Fixtures.PathOf(name), TestDevice.Value, type);", 0)]
    [InlineData("Example(QwenVlPolicy.Load(a), TestDevice.Value);", 1)]
    public void A_policy_elsewhere_is_seen(string line, int found) => PoliciesElsewhere(line).Should().HaveCount(found);

    [Theory]
    [InlineData("var x = randn([1, 2], generator: g);", 1)]
    [InlineData("var x = randint(0, 5, [Math.Max(1, 2)], ScalarType.Int64, generator: g);", 1)]
    [InlineData("var x = TestDevice.Randn([1, 2], g);", 0)]
    [InlineData("var x = randn([1, 2], device: CPU, generator: g);", 0)]
    [InlineData("var x = randn([1, 2]);", 0)]
    public void A_seeded_draw_elsewhere_is_seen(string line, int found) => SeededElsewhere(line).Should().HaveCount(found);

    [Fact]
    public void Every_exception_is_still_one()
    {
        Stale(NotOnADevice, code => Touches().IsMatch(code)).Should().BeEmpty();
        Stale(ReadsBytes, code => Bytes().IsMatch(code)).Should().BeEmpty();
        Stale(LoadsElsewhere, code => PoliciesElsewhere(code).Any()).Should().BeEmpty();

        static IEnumerable<string> Stale(Dictionary<string, string> reasons, Func<string, bool> needs)
            => reasons.Keys.Where(path => !TestFiles.All().Any(f => f.Path == path && needs(f.Code)));
    }

    private static IEnumerable<string> Found(Dictionary<string, string> reasons, Func<string, IEnumerable<string>> rule) => Found(reasons, _ => true, rule);

    private static IEnumerable<string> Found(Dictionary<string, string> reasons, Func<string, bool> where, Func<string, IEnumerable<string>> rule)
        => TestFiles.All().Where(f => !reasons.ContainsKey(f.Path) && where(f.Path)).SelectMany(f => rule(f.Code).Select(call => $"{f.Path}: {call}"));

    private static IEnumerable<string> PoliciesElsewhere(string code)
        => Load().Matches(code).Select(m => Call(code, m)).Where(call => !call.Contains("TestDevice.Value", StringComparison.Ordinal));

    private static IEnumerable<string> SeededElsewhere(string code)
        => Draw().Matches(code).Select(m => Call(code, m))
            .Where(call => call.Contains("generator:", StringComparison.Ordinal) && !call.Contains("CPU", StringComparison.Ordinal));

    /// <summary>The call with its arguments, to the bracket that closes it.</summary>
    private static string Call(string code, Match start)
    {
        var (at, depth) = (start.Index + start.Length, 1);
        for (; at < code.Length && depth > 0; at++) depth += code[at] switch { '(' => 1, ')' => -1, _ => 0 };
        return code[start.Index..at];
    }

    [GeneratedRegex(@"\bQwenVlPolicy\.(Load|FromDirectory|Initialize)\(")]
    private static partial Regex Load();

    [GeneratedRegex(@"\b(randn|rand|randint|randperm|normal)\(")]
    private static partial Regex Draw();

    [GeneratedRegex(@"\bTorchSharp\b|\bQwenVlPolicy\.(Load|From)|\bTinyRun\(|\bTinyText\.Policy\b|new GoldenCase\b")]
    private static partial Regex Touches();

    [GeneratedRegex(@"\.bytes\b")]
    private static partial Regex Bytes();
}
