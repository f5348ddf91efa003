namespace ViSurf.Core.Fuzz;

/// <summary>
/// A place where something from outside comes in. One object lives as long as a worker process; each input is a pure function of
/// (seed, surface, index), so that a failure can be made again.
/// </summary>
internal interface ISurface : IDisposable
{
    /// <summary>
    /// Makes one input and lets the library have it. Whatever leaves this method is a failure; refusals go through
    /// <see cref="Attempt.Refusable"/>.
    /// </summary>
    void Try(Attempt attempt);
}

/// <summary>A surface as the runner knows it.</summary>
/// <param name="Name">As <c>--surface</c> takes it.</param>
/// <param name="Make">In the worker's process.</param>
/// <param name="Weight">Share of the time.</param>
/// <param name="Patience">Processor seconds that one input may take; three times as many by the clock.</param>
/// <param name="Memory">Most resident memory, in megabytes, the runtime and libtorch (some 250) included.</param>
/// <param name="NotOurs">
/// A word in the last lines of a process that died of somebody else's fault: of a reference that ends the process where a file is not to
/// its taste.
/// </param>
internal sealed record SurfaceKind(string Name, Func<ISurface> Make, double Weight = 1, double Patience = 20, int Memory = 1500,
    string? NotOurs = null)
{
    /// <summary>
    /// What is known to be wrong and not mended yet, in words; its failures are shown and counted, and do not fail the run. Null for
    /// nothing.
    /// </summary>
    public string? Open { get; init; }
}
