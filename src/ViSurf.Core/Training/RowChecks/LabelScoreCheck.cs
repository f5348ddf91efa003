using System.Globalization;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>The label, written, tokenized, parsed and scored like a rollout, reaches what every reward that applies asks for.</summary>
/// <param name="demonstrations">Writes the label as it would join a group.</param>
/// <param name="suite">Judges it.</param>
/// <param name="maxTokens">Longest label.</param>
/// <param name="excluded">Rewards that a label need not reach, by name.</param>
/// <param name="tolerance">How far it may stay below.</param>
internal sealed class LabelScoreCheck(
    DemonstrationInjector demonstrations, RewardSuite suite, int maxTokens, IReadOnlyCollection<string> excluded,
        double tolerance) : IRowCheck
{
    public void Look(RowFindings row)
    {
        if (!row.LabelFits) return;
        Completion? label = null;
        if (row.Attempt("its label cannot be used", () => label = demonstrations.Demonstration(row.Example, maxTokens))
            && label is not null)
            row.Attempt("its label cannot be scored", () => Score(row, label));
    }

    private void Score(RowFindings row, Completion label)
    {
        var score = suite.Score(new RolloutGroup(row.Example, [label])).Scores[0];
        // Penalties alone judge nothing: such a label would have no advantage.
        if (!score.IsScored) row.Problem("no reward judges its label");
        foreach (var component in score.Components.Where(c => c.Weight != 0 && c.Shortfall > tolerance && !excluded.Contains(c.Name)))
            row.Problem($"{Judged(component)}, so it would teach what that reward rejects");
    }

    private static string Judged(RewardComponent c) => c.Weight < 0
        ? string.Create(CultureInfo.InvariantCulture, $"its label scores {c.Value} in '{c.Name}', "
            + $"where {c.Best} is best because its weight is negative")
        : string.Create(CultureInfo.InvariantCulture, $"its label scores {c.Value} of {c.Maximum} in '{c.Name}'");
}
