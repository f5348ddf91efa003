using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Objectives;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>The rows of a step, cut into micro-batches, with the sizes that every share of the loss is divided by.</summary>
/// <param name="MicroBatches">Rows to score, longest first; empty when no row can give a gradient.</param>
/// <param name="Scale">Sizes of the whole step, counted before any row was left out or cut.</param>
public sealed record UpdatePlan(IReadOnlyList<IReadOnlyList<TrainingRow>> MicroBatches, LossScale Scale)
{
    /// <summary>Index of the step, for coefficients with a schedule.</summary>
    /// <value>0.</value>
    public long Step { get; init; }

    /// <summary>All rows to score, in micro-batch order.</summary>
    public IEnumerable<TrainingRow> Rows => MicroBatches.SelectMany(rows => rows);

    /// <summary>Lays out the update of a step.</summary>
    /// <param name="rows">All rows of the step, from <see cref="RowsOf"/>.</param>
    /// <param name="promptTokens">Length of each prompt.</param>
    /// <param name="batcher">Cuts the rows.</param>
    /// <param name="maxNewTokens">The rollout limit, for length-independent constants.</param>
    /// <param name="skipNeutralGroups">
    /// Leaves out groups in which every advantage is exactly 0. Exact only for an objective whose gradient is proportional to the
    /// advantages; see <see cref="TrainerParts.SkipNeutralGroups"/>.
    /// </param>
    public static UpdatePlan Create(
        IReadOnlyList<TrainingRow> rows, IReadOnlyList<int> promptTokens, MicroBatcher batcher, int maxNewTokens, bool skipNeutralGroups)
    {
        Guard.NotNull(rows);
        Guard.NotNull(batcher);
        var labels = rows.Where(row => row.IsDemonstration).ToArray();
        var scale = new LossScale(rows.Sum(row => (long)row.Tokens), rows.Sum(row => (long)row.LabelTokens), rows.Count, labels.Length, maxNewTokens)
        {
            Prefixed = rows.Count(row => !row.IsDemonstration && row.LabelTokens > 0),
        };
        var learning = skipNeutralGroups
            ? rows.GroupBy(row => row.PromptIndex).Where(group => group.Any(row => row.Advantage != 0)).SelectMany(group => group).ToArray()
            : rows;
        return new UpdatePlan(batcher.Split(learning, promptTokens), scale);
    }

    /// <summary>One row per completion, with its advantage and weight; group q belongs to prompt q.</summary>
    /// <param name="groups">Scored and controlled groups; one without completions is left out, also of the mean over prompts.</param>
    /// <param name="advantages">One number per completion of each group.</param>
    /// <exception cref="InvalidOperationException">The estimator returned the wrong count or a number that is not finite.</exception>
    public static IReadOnlyList<TrainingRow> RowsOf(IReadOnlyList<ScoredGroup> groups, IReadOnlyList<double[]> advantages)
    {
        Guard.NotNull(groups);
        Guard.NotNull(advantages);
        if (advantages.Count != groups.Count)
            throw new InvalidOperationException($"Expected the advantage estimator to return {groups.Count} groups, got {advantages.Count}.");
        double prompts = groups.Count(group => group.Scores.Count > 0);
        var rows = new List<TrainingRow>();
        for (var q = 0; q < groups.Count; q++)
        {
            var completions = groups[q].Group.Completions;
            CheckAdvantages(groups[q].Group, advantages[q]);
            for (var i = 0; i < completions.Count; i++)
                rows.Add(new TrainingRow(q, completions[i], advantages[q][i], 1.0 / (prompts * completions.Count)) { Reward = groups[q].Scores[i].Total });
        }
        return rows;
    }

    private static void CheckAdvantages(RolloutGroup group, double[] advantages)
    {
        if (advantages.Length != group.Completions.Count)
            throw new InvalidOperationException(
                $"Expected the advantage estimator to return {group.Completions.Count} numbers for example '{group.Example.Id}', got {advantages.Length}.");
        if (advantages.Any(a => !double.IsFinite(a)))
            throw new InvalidOperationException(
                $"Expected finite advantages for example '{group.Example.Id}', got [{string.Join(", ", advantages)}]. Check the estimator and its ε.");
    }
}
