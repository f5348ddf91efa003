using System.Globalization;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>Something that a rule sees in the last steps.</summary>
/// <param name="Subject">What it is about, when a rule can see several things at once (a reward's name); null otherwise.</param>
/// <param name="Seen">What is seen, with the numbers.</param>
/// <param name="Meaning">What that usually means.</param>
/// <param name="Advice">What to try, the likeliest first.</param>
public sealed record Finding(string? Subject, string Seen, string Meaning, string Advice);

/// <summary>A finding with the step and the rule that made it: one sentence for a log, four for a report.</summary>
/// <param name="Step">The last step the rule looked at.</param>
/// <param name="Rule">The rule's name, such as <c>constant_groups</c>.</param>
/// <param name="Finding">What it found.</param>
public sealed record Diagnosis(long Step, string Rule, Finding Finding)
{
    /// <summary>All of it on one line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"step {Step}: {Finding.Seen} {Finding.Meaning} {Finding.Advice}");
}

/// <summary>A named look at the history of a run; a pure function.</summary>
/// <param name="Name">Unique among the rules of a run.</param>
/// <param name="Look">What it finds now; empty when all is well or the history is too short.</param>
public sealed record DiagnosisRule(string Name, Func<RunHistory, IEnumerable<Finding>> Look);
