using System.Text;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting;

/// <summary>A warning with the steps in which it was given.</summary>
/// <param name="Text">As it was said last.</param>
/// <param name="First">First step; null for one that belongs to no step.</param>
/// <param name="Last">Last step.</param>
/// <param name="Times">How often.</param>
internal sealed record RunWarning(string Text, long? First, long? Last, int Times);

/// <summary>Warnings of a run. Those that differ only in their numbers are one, or a warning of every step would be a thousand.</summary>
internal sealed class RunWarnings
{
    private const int Most = 60;
    private readonly Dictionary<string, RunWarning> _byWords = new(StringComparer.Ordinal);

    /// <summary>The latest first; those of no step before all.</summary>
    public IEnumerable<RunWarning> All => _byWords.Values.OrderByDescending(w => w.Last ?? long.MaxValue);

    /// <summary>Different warnings that were dropped because there were too many.</summary>
    public int Dropped { get; private set; }

    /// <summary>What a checkpoint holds of them.</summary>
    public SavedWarnings Saved => new([.. _byWords.Values], Dropped);

    /// <summary>Goes on from there.</summary>
    public void Restore(SavedWarnings saved)
    {
        _byWords.Clear();
        foreach (var warning in saved.Kept.Take(Most)) _byWords[WithoutNumbers(warning.Text)] = warning;
        Dropped = saved.Dropped;
    }

    public void Add(StepReport report)
    {
        foreach (var warning in report.Rewards.Statistics.Warnings) Add(warning, report.Step);
        foreach (var update in report.Updates)
            if (update.Skipped is { } skipped) Add($"An update was skipped: {skipped.Reason} in {string.Join(", ", skipped.ExampleIds.Take(5))}.", report.Step);
    }

    public void Add(string text, long? step)
    {
        var words = WithoutNumbers(text);
        if (_byWords.TryGetValue(words, out var known))
            _byWords[words] = new RunWarning(text, known.First ?? step, step ?? known.Last, known.Times + 1);
        else if (_byWords.Count < Most) _byWords.Add(words, new RunWarning(text, step, step, 1));
        else Dropped++;
    }

    private static string WithoutNumbers(string text)
    {
        var words = new StringBuilder();
        foreach (var c in text)
            if (!char.IsAsciiDigit(c) && c is not ('.' or ',')) words.Append(c);
            else if (words.Length == 0 || words[^1] != '#') words.Append('#');
        return words.ToString();
    }
}

/// <summary>Warnings as a checkpoint holds them.</summary>
/// <param name="Kept">In the order in which each was first given.</param>
/// <param name="Dropped">Different ones for which there was no room.</param>
internal sealed record SavedWarnings(IReadOnlyList<RunWarning> Kept, int Dropped);
