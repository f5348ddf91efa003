using System.Diagnostics;

namespace ViSurf.Core.Training;

/// <summary>Seconds between one lap and the next.</summary>
internal sealed class PhaseClock
{
    private long _last = Stopwatch.GetTimestamp();

    public double Lap()
    {
        var now = Stopwatch.GetTimestamp();
        var seconds = Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
        return seconds;
    }
}
