using System.Diagnostics.Metrics;
using FluentAssertions;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>The meter as a listener hears it.</summary>
public sealed class MeterMetricsTests
{
    [Fact]
    public void A_listener_hears_every_metric_with_its_unit()
    {
        var report = ScriptedStep.Plain();
        var heard = Listen(sink => sink.Write(report));
        foreach (var metric in StepMetrics.Of(report))
        {
            var definition = MetricCatalog.Find(metric.Name)!;
            var name = metric.Name == "rewards/r/mean" ? "rewards/mean" : metric.Name == "rewards/r/std" ? "rewards/std" : metric.Name == "rewards/r/applies" ? "rewards/applies" : metric.Name;
            var tags = name == metric.Name ? "" : "name=r";
            heard.Should().Contain((name, metric.Value, tags, definition.Unit));
        }
        heard.Should().Contain(("visurf.steps", 1.0, "", "{step}")).And.Contain(("visurf.updates", 1.0, "", "{update}"))
            .And.Contain(("visurf.completion_tokens", 3 + 4 + 3.0, "", "{token}")).And.Contain(("visurf.phase.duration", report.Times.Rollout, "phase=rollout", "s"));
    }

    [Fact]
    public void An_evaluation_is_a_gauge_of_its_own()
        => Listen(sink => sink.Write(new Dictionary<string, double> { ["eval/gIoU"] = 0.5 })).Should().Equal(("eval/gIoU", 0.5, "", null));

    [Fact]
    public void Nothing_is_heard_after_the_meter_is_gone()
    {
        var sink = new MeterMetrics();
        sink.Dispose();
        Listen(_ => sink.Write(ScriptedStep.Plain())).Should().BeEmpty();
    }

    [Fact]
    public void A_hosts_factory_makes_the_meter()
    {
        using var factory = new Factory();
        using var sink = new MeterMetrics(factory);
        factory.Asked.Should().Equal("ViSurf.Core");
    }

    private static List<(string Name, double Value, string Tags, string? Unit)> Listen(Action<MeterMetrics> act)
    {
        var heard = new List<(string, double, string, string?)>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == "ViSurf.Core") l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => heard.Add((instrument.Name, value, Text(tags), instrument.Unit)));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => heard.Add((instrument.Name, value, Text(tags), instrument.Unit)));
        listener.Start();
        using var sink = new MeterMetrics();
        act(sink);
        return heard;

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(",", tags.ToArray().Select(t => $"{t.Key}={t.Value}"));
    }

    private sealed class Factory : IMeterFactory
    {
        public List<string> Asked { get; } = [];

        public Meter Create(MeterOptions options)
        {
            Asked.Add(options.Name);
            return new Meter(options);
        }

        public void Dispose()
        {
        }
    }
}
