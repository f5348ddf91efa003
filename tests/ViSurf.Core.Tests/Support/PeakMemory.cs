namespace ViSurf.Core.Tests.Support;

/// <summary>Watches the resident memory of the process from a thread of its own, about once a millisecond.</summary>
internal sealed class PeakMemory : IDisposable
{
    private readonly long _before;
    private readonly Thread _watch;
    private long _peak;
    private volatile bool _stop;

    public PeakMemory()
    {
        _before = _peak = Environment.WorkingSet;
        _watch = new Thread(Watch) { IsBackground = true, Priority = ThreadPriority.Highest };
        _watch.Start();
    }

    /// <summary>Bytes by which the process has grown at most since this was made.</summary>
    public long Growth => Math.Max(Interlocked.Read(ref _peak), Environment.WorkingSet) - _before;

    public void Dispose()
    {
        _stop = true;
        _watch.Join();
    }

    private void Watch()
    {
        for (; !_stop; Thread.Sleep(1)) Interlocked.Exchange(ref _peak, Math.Max(_peak, Environment.WorkingSet));
    }
}
