using FluentAssertions;
using Microsoft.Extensions.Logging;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Diagnostics;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>What a structured logger receives.</summary>
public sealed class MetricLoggingTests
{
    [Fact]
    public void Each_metric_is_a_message_with_its_name_and_value()
    {
        var (report, logger) = (ScriptedStep.Plain(), new Kept(LogLevel.Debug));
        logger.LogMetrics(report);
        logger.Lines.Select(l => ((string)l.State["Metric"]!, (double)l.State["Value"]!)).Should().Equal(StepMetrics.Of(report).Select(m => (m.Name, m.Value)));
        logger.Lines.Should().OnlyContain(l => l.Level == LogLevel.Debug && l.Id.Name == "Metric" && (long)l.State["Step"]! == 0);
        logger.Lines[0].Text.Should().StartWith("step 0: loss = ");
    }

    [Fact]
    public void Nothing_is_computed_for_a_logger_that_does_not_listen()
    {
        var logger = new Kept(LogLevel.Information);
        logger.LogMetrics(ScriptedStep.Plain());
        logger.Lines.Should().BeEmpty();
    }

    [Fact]
    public void A_step_an_evaluation_and_a_diagnosis_have_levels_of_their_own()
    {
        var logger = new Kept(LogLevel.Information);
        logger.LogStep(ScriptedStep.Plain());
        logger.LogEvaluation(4, new Dictionary<string, double> { ["eval/gIoU"] = 0.5 });
        logger.LogDiagnosis(new Diagnosis(9, "constant_groups", new Finding(null, "Seen.", "Means.", "Try.")));
        logger.Lines.Select(l => l.Level).Should().Equal(LogLevel.Information, LogLevel.Information, LogLevel.Warning);
        logger.Lines.Skip(1).Select(l => l.Text).Should().Equal("after step 4: eval/gIoU = 0.5", "step 9 (constant_groups): Seen. Means. Try.");
        logger.Lines[2].State["Rule"].Should().Be("constant_groups");
    }

    private sealed class Kept(LogLevel least) : ILogger
    {
        public List<(LogLevel Level, EventId Id, string Text, Dictionary<string, object?> State)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Lines.Add((logLevel, eventId, formatter(state, exception), ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(p => p.Key, p => p.Value)));
    }
}
