using FluentAssertions;
using TinyBase.Checkpoint;
using ViSurf.Core.Benchmarks;
using Xunit;

namespace ViSurf.Core.Tests.Benchmarks;

/// <summary>What the clock of a step covers.</summary>
public sealed class StepMeasurementTests : IDisposable
{
    private readonly BenchmarkOptions _options = BenchmarkOptions.Parse("test", 1, ["--smoke"])!;
    private readonly BenchmarkModel _model;

    public StepMeasurementTests() => _model = BenchmarkModel.Make(_options, new TinyConfig());

    [Fact]
    public void Examples_are_drawn_once_before_the_clock_starts()
    {
        var measurement = new StepMeasurement(_options, _model, Workload.Smoke);
        var (first, second) = (measurement.Run().Report, measurement.Run().Report);
        for (var q = 0; q < first.Groups.Count; q++)
            second.Groups[q].Scored.Group.Example.Should().BeSameAs(first.Groups[q].Scored.Group.Example);
    }

    [Fact]
    public void Rollout_and_update_are_parts_of_the_step()
    {
        var seconds = new StepMeasurement(_options, _model, Workload.Smoke).Run().Seconds;
        seconds.Rollout.Should().BePositive();
        seconds.Update.Should().BePositive();
        (seconds.Rollout + seconds.Update).Should().BeLessThanOrEqualTo(seconds.Step);
    }

    [Fact]
    public void The_rows_of_a_pass_are_those_of_one_group_not_of_the_whole_step()
    {
        var measurement = new StepMeasurement(_options, _model, Workload.Smoke);
        var report = measurement.Run().Report;
        var completions = report.Groups.Select(g => g.Controlled.Group.Completions.Sum(c => c.TokenIds.Count - 1)).ToArray();
        // Both prompts are the same text with pictures of one size, and every group has two rollouts and the label.
        measurement.PassRows(report).Should().Be((report.Lengths.PromptTokens / 2) + completions.Max());
    }

    public void Dispose() => _model.Dispose();
}
