using System.Diagnostics.Metrics;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// Metrics as .NET instruments of the meter <c>ViSurf.Core</c>, which any OpenTelemetry exporter, <c>dotnet-counters</c> and a <see cref="MeterListener"/> read.
/// Names are in docs/metrics.md. Not thread-safe.
/// </summary>
/// <remarks>
/// Every metric is a gauge under its own name; those of a reward (<c>rewards/{name}/mean</c>) and of an objective are one instrument each
/// (<c>rewards/mean</c>) with the tag <c>name</c>. Beside them <c>visurf.steps</c>, <c>visurf.updates</c> and <c>visurf.completion_tokens</c> count, and
/// <c>visurf.phase.duration</c> is a histogram with the tag <c>phase</c> (encode, rollout, reward, update).
/// </remarks>
public sealed class MeterMetrics : IDisposable
{
    /// <summary>What to subscribe to: <c>AddMeter(MeterMetrics.MeterName)</c>.</summary>
    public const string MeterName = "ViSurf.Core";

    private readonly Meter _meter;
    private readonly Counter<long> _steps, _updates, _tokens;
    private readonly Histogram<double> _phases;
    private readonly Dictionary<string, Gauge<double>> _gauges = new(StringComparer.Ordinal);

    /// <summary>Makes the meter.</summary>
    /// <param name="factory">Of a host, which then owns the meter; null for a meter of our own.</param>
    public MeterMetrics(IMeterFactory? factory = null)
    {
        var options = new MeterOptions(MeterName) { Version = typeof(MeterMetrics).Assembly.GetName().Version?.ToString(3) };
        _meter = factory?.Create(options) ?? new Meter(options);
        _steps = _meter.CreateCounter<long>("visurf.steps", "{step}", "Training steps made");
        _updates = _meter.CreateCounter<long>("visurf.updates", "{update}", "Optimizer updates made");
        _tokens = _meter.CreateCounter<long>("visurf.completion_tokens", "{token}", "Completion tokens, labels included");
        _phases = _meter.CreateHistogram<double>("visurf.phase.duration", "s", "Seconds of a step's phases");
    }

    /// <summary>Records the metrics of a step.</summary>
    public void Write(StepReport report)
    {
        Guard.NotNull(report);
        _steps.Add(1);
        _updates.Add(report.Updates.Count(u => u.Skipped is null));
        _tokens.Add(report.Lengths.CompletionTokens);
        foreach (var (phase, seconds) in new[]
        {
            ("encode", report.Times.Encode), ("rollout", report.Times.Rollout), ("reward", report.Times.Reward), ("update", report.Times.Update),
        })
            _phases.Record(seconds, new KeyValuePair<string, object?>("phase", phase));
        foreach (var metric in StepMetrics.Of(report)) Record(metric);
    }

    /// <summary>Records other metrics, an evaluation's for instance, as gauges.</summary>
    public void Write(IReadOnlyDictionary<string, double> metrics)
    {
        foreach (var (name, value) in Guard.NotNull(metrics)) Record(new StepMetric(name, value));
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Record(StepMetric metric)
    {
        var definition = MetricCatalog.Find(metric.Name);
        var gauge = GaugeOf(definition?.Family ?? metric.Name, definition);
        if (definition?.Part(metric.Name) is { Length: > 0 } part) gauge.Record(metric.Value, new KeyValuePair<string, object?>("name", part));
        else gauge.Record(metric.Value);
    }

    private Gauge<double> GaugeOf(string name, MetricDefinition? definition)
    {
        if (_gauges.TryGetValue(name, out var gauge)) return gauge;
        return _gauges[name] = _meter.CreateGauge<double>(name, definition?.Unit, definition?.Definition);
    }
}
