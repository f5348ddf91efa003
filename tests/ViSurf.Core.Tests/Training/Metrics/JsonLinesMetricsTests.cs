using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>Lines as other programs read them, and what a resumed run finds.</summary>
public sealed class JsonLinesMetricsTests
{
    [Fact]
    public void A_step_is_one_object_with_every_metric_in_order()
    {
        using var folder = new TemporaryDirectory();
        var report = ScriptedStep.Plain();
        using (var sink = new JsonLinesMetrics(folder.File("m.jsonl"), clock: new StoppedClock(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)))) sink.Write(report);
        var line = File.ReadAllLines(folder.File("m.jsonl")).Should().ContainSingle().Subject;
        using var json = JsonDocument.Parse(line);
        var members = json.RootElement.EnumerateObject().ToArray();
        members.Take(2).Select(m => m.ToString()).Should().Equal("\"step\":0", "\"time\":\"2026-01-31T12:00:00.0000000Z\"");
        members.Skip(2).Select(m => (m.Name, m.Value.GetDouble())).Should().Equal(StepMetrics.Of(report).Select(m => (m.Name, m.Value)), "doubles survive the way through the file");
    }

    [Fact]
    public void Numbers_are_written_the_same_in_every_culture()
    {
        using var folder = new TemporaryDirectory();
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Write(folder, null, (3, 0.5));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
        File.ReadAllText(folder.File("m.jsonl")).Should().Contain("\"x\":0.5}");
    }

    [Fact]
    public void What_is_not_finite_is_null_and_named_at_the_end()
    {
        using var folder = new TemporaryDirectory();
        using (var sink = new JsonLinesMetrics(folder.File("m.jsonl")))
            sink.Write(7, new Dictionary<string, double> { ["a"] = double.NaN, ["b"] = 1, ["c"] = double.PositiveInfinity, ["d"] = double.NegativeInfinity });
        File.ReadAllText(folder.File("m.jsonl")).Should().EndWith(
            "\"a\":null,\"b\":1,\"c\":null,\"d\":null,\"non_finite\":{\"a\":\"NaN\",\"c\":\"Infinity\",\"d\":\"-Infinity\"}}\n");
    }

    [Fact]
    public void A_resumed_run_drops_its_step_and_later_ones_and_a_torn_last_line()
    {
        using var folder = new TemporaryDirectory();
        Write(folder, null, (0, 1), (1, 2), (2, 3), (1, 4), (3, 5));   // the fourth is an evaluation after step 1, written late
        File.AppendAllText(folder.File("m.jsonl"), "{\"step\":1,\"time\":\"20");
        Write(folder, resumeAt: 2, (2, 6));
        Values(folder).Should().Equal((0, 1), (1, 2), (1, 4), (2, 6));
        Directory.GetFiles(folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void A_whole_last_line_without_its_newline_is_kept()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("m.jsonl"), "{\"step\":0,\"x\":1}");
        Write(folder, resumeAt: 1, (1, 2));
        Values(folder).Should().Equal((0, 1), (1, 2));
    }

    [Fact]
    public void Resuming_without_a_file_begins_one()
    {
        using var folder = new TemporaryDirectory();
        Write(folder, resumeAt: 5, (5, 1));
        Values(folder).Should().Equal((5, 1));
    }

    [Fact]
    public void A_file_that_exists_is_not_written_over_by_a_new_run()
    {
        using var folder = new TemporaryDirectory();
        Write(folder, null, (0, 1));
        FluentActions.Invoking(() => Write(folder, null, (0, 2))).Should().Throw<IOException>().WithMessage("*m.jsonl*resumeAt*");
        Values(folder).Should().Equal((0, 1));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"loss\":1}")]
    [InlineData("[1]")]
    public void A_line_of_something_else_is_named_and_the_file_left_alone(string line)
    {
        using var folder = new TemporaryDirectory();
        var text = "{\"step\":0,\"x\":1}\n" + line + "\n{\"step\":1,\"x\":1}\n";
        File.WriteAllText(folder.File("m.jsonl"), text);
        FluentActions.Invoking(() => new JsonLinesMetrics(folder.File("m.jsonl"), resumeAt: 1)).Should().Throw<InvalidDataException>().WithMessage("*m.jsonl', line 2*");
        File.ReadAllText(folder.File("m.jsonl")).Should().Be(text);
    }

    [Fact]
    public void Another_program_may_read_along()
    {
        using var folder = new TemporaryDirectory();
        using var sink = new JsonLinesMetrics(folder.File("m.jsonl"));
        sink.Write(0, new Dictionary<string, double> { ["x"] = 1 });
        using var reader = new StreamReader(new FileStream(folder.File("m.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        reader.ReadToEnd().Should().EndWith("}\n");
    }

    private static void Write(TemporaryDirectory folder, long? resumeAt, params (long Step, double X)[] lines)
    {
        using var sink = new JsonLinesMetrics(folder.File("m.jsonl"), resumeAt);
        foreach (var (step, x) in lines) sink.Write(step, new Dictionary<string, double> { ["x"] = x });
    }

    private static (long, double)[] Values(TemporaryDirectory folder) => [.. File.ReadAllLines(folder.File("m.jsonl")).Select(line =>
    {
        using var json = JsonDocument.Parse(line);
        return (json.RootElement.GetProperty("step").GetInt64(), json.RootElement.GetProperty("x").GetDouble());
    })];
}
