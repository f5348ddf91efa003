namespace ViSurf.Core.Testing;

/// <summary>What <see cref="RewardHarness"/> checks.</summary>
public enum RewardCheck
{
    /// <summary>The same completion gets the same value, whatever was scored before.</summary>
    Deterministic,

    /// <summary>Scored from several threads at once, every completion gets the value it gets alone.</summary>
    ThreadSafe,

    /// <summary>Every value is finite and within the reward's Minimum and Maximum.</summary>
    WithinRange,

    /// <summary>No completion makes it throw.</summary>
    NeverThrowsOnCompletions,

    /// <summary>A malformed label makes it throw instead of teaching something wrong.</summary>
    ThrowsOnBadLabels,

    /// <summary>Time grows in proportion to a completion's length, and stays below five seconds a megabyte.</summary>
    LinearInLength,

    /// <summary>The label, written as it joins a group, gets the Maximum.</summary>
    LabelReachesMaximum,

    /// <summary>A completion that says nothing gets no more than 0.</summary>
    NothingForEmpty,

    /// <summary>A completion that repeats the prompt gets no more than 0.</summary>
    NothingForCopiedPrompt,

    /// <summary>A completion with the form of an answer and no knowledge gets at most a tenth of the Maximum.</summary>
    NothingForFarming,

    /// <summary>Completions listed best first have falling values.</summary>
    RanksAsListed,
}

/// <summary>How a check ended.</summary>
public enum CheckOutcome
{
    /// <summary>Held.</summary>
    Passed,

    /// <summary>Did not hold; the details say where.</summary>
    Failed,

    /// <summary>Was left out; the details say why.</summary>
    Skipped,
}

/// <summary>The result of one check.</summary>
/// <param name="Check">Which.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Details">What was wrong, or why it was left out; empty when passed.</param>
public sealed record CheckResult(RewardCheck Check, CheckOutcome Outcome, IReadOnlyList<string> Details);
