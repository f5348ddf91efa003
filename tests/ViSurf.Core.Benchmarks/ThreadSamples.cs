using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.EventPipe;

namespace ViSurf.Core.Benchmarks;

/// <summary>Samples of one thread, by the runtime's own profiler.</summary>
internal sealed record ThreadSamples(int Managed, int Native)
{
    public int Total => Managed + Native;

    /// <summary>Runs the work on this thread and samples it.</summary>
    public static ThreadSamples Of(Action work)
    {
        var client = new DiagnosticsClient(Environment.ProcessId);
        using var session = client.StartEventPipeSession(
            [new EventPipeProvider("Microsoft-DotNETCore-SampleProfiler", EventLevel.Informational)], requestRundown: false);
        // Read while the work runs, taken apart afterwards: a parser at work would itself be the busiest thread.
        using var trace = new MemoryStream();
        var reader = new Thread(() => session.EventStream.CopyTo(trace)) { IsBackground = true };
        reader.Start();
        work();
        session.Stop();
        reader.Join();
        trace.Position = 0;
        return Busiest(trace);
    }

    private static ThreadSamples Busiest(Stream trace)
    {
        using var source = new EventPipeEventSource(trace);
        var counts = new Dictionary<int, ThreadSamples>();
        new SampleProfilerTraceEventParser(source).ThreadSample += sample =>
        {
            var seen = counts.GetValueOrDefault(sample.ThreadID, new ThreadSamples(0, 0));
            counts[sample.ThreadID] = sample.Type == ClrThreadSampleType.Managed ? seen with { Managed = seen.Managed + 1 } : seen with { Native = seen.Native + 1 };
        };
        source.Process();
        // The worker is the thread that was in managed code most: the others wait.
        return counts.Values.OrderByDescending(c => c.Managed).FirstOrDefault()
            ?? throw new InvalidOperationException("Expected samples of the runtime's profiler, got none. Is DOTNET_EnableDiagnostics=0 set?");
    }
}
