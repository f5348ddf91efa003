namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>One part of the run on a machine with a GPU: a program, and how long it may take.</summary>
/// <param name="Name">What the results call it.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Limit">Seconds after which it is ended.</param>
/// <param name="Least">Seconds that must be left for it to be begun.</param>
internal sealed record GpuPart(string Name, IReadOnlyList<string> Command, int Limit, int Least)
{
    /// <summary>The part that must have ended well before this one is begun; null when none must.</summary>
    public string? After { get; init; }

    /// <summary>Whether its output is a test run's rather than a benchmark's.</summary>
    public bool IsTests { get; init; }

    /// <summary>Whether the run counts as good without it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Why it cannot run here; null when it can.</summary>
    public string? Impossible { get; init; }
}
