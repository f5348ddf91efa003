using System.Diagnostics;
using FluentAssertions;

namespace ViSurf.Core.Tests.Support;

/// <summary>How a hostile file must fail: one clear exception, at once, for little memory.</summary>
internal static class Refused
{
    /// <param name="open">Reads the file.</param>
    /// <param name="message">Pattern of the message.</param>
    /// <param name="allocated">Managed bytes that may be allocated meanwhile.</param>
    public static void With(Action open, string message, long allocated)
    {
        // Once to compile and load what it needs, so that only its own work is counted.
        open.Should().Throw<InvalidDataException>().WithMessage(message);
        var (before, native, clock) = (GC.GetAllocatedBytesForCurrentThread(), Environment.WorkingSet, Stopwatch.StartNew());
        try
        {
            open();
        }
        catch (InvalidDataException)
        {
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(allocated);
            (Environment.WorkingSet - native).Should().BeLessThan(allocated + 100_000_000, "native memory counts too");
            // A second is what users are promised; the machine that tests may be busy.
            clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(5));
        }
    }
}
