using Samples.Shared;

namespace ViSurf.Core.Benchmarks;

/// <summary>Whether the completions of a group share their prompt and picture.</summary>
internal enum Sharing
{
    /// <summary>As the library does.</summary>
    Shared,

    /// <summary>Every completion carries its own, as in trainers that repeat them.</summary>
    Replicated,
}

/// <summary>The options for it.</summary>
internal static class SharingOptions
{
    public static Option[] Options { get; } =
    [
        new("--replicated", null, "every completion carries its own prompt and picture"),
        new("--compare", null, "both, in turns, in one process"),
    ];

    /// <exception cref="ArgumentException">Both options.</exception>
    public static Sharing[] Parse(CommandLine line) => (line.Has("--replicated"), line.Has("--compare")) switch
    {
        (true, true) => throw new ArgumentException("Expected --replicated or --compare, got both. --compare measures both modes."),
        (true, false) => [Sharing.Replicated],
        (false, true) => [Sharing.Shared, Sharing.Replicated],
        _ => [Sharing.Shared],
    };

    public static string Name(this Sharing sharing) => sharing == Sharing.Shared ? "shared" : "replicated";
}
