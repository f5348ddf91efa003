using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>What one reward said about one completion.</summary>
/// <param name="Name">The reward's name.</param>
/// <param name="Value">Its value, or null when it does not apply to the example.</param>
/// <param name="Weight">Multiplies the value in the total.</param>
/// <param name="Maximum">The largest value the reward can give.</param>
public sealed record RewardComponent(string Name, double? Value, double Weight = 1.0, double Maximum = 1.0)
{
    /// <summary>The smallest value the reward can give.</summary>
    /// <value>0, as of a reward that does not say.</value>
    public double Minimum { get; init; }

    /// <summary>The value that brings the total most: <see cref="Maximum"/>, or <see cref="Minimum"/> under a negative weight.</summary>
    public double Best => Weight < 0 ? Minimum : Maximum;

    /// <summary>How far the value is from <see cref="Best"/>, in the reward's own numbers; null when the reward does not apply.</summary>
    public double? Shortfall => Weight < 0 ? Value - Minimum : Maximum - Value;

    /// <summary>Value × weight; 0 when the reward does not apply.</summary>
    public double Weighted => (Value ?? 0) * Weight;

    /// <summary>
    /// Whether it can add to a total. One that can only take away, such as a penalty for length, or that does not count judges nothing by
    /// itself: see <see cref="CompletionScore.IsScored"/>.
    /// </summary>
    public bool CanAdd => Weight * Best > 0;
}

/// <summary>All components of one completion.</summary>
/// <param name="Components">In the suite's order, each with a name of its own.</param>
/// <exception cref="ArgumentException">Two components share a name: a reward would count twice, and be found once. Names it with both
/// weights and values.</exception>
public sealed record CompletionScore(IReadOnlyList<RewardComponent> Components)
{
    /// <summary>In the suite's order, each with a name of its own.</summary>
    public IReadOnlyList<RewardComponent> Components { get; init => field = Distinct(value); } = Distinct(Components);

    /// <summary>A total that a controller put in place of the sum (smoothing does); null means the sum counts.</summary>
    public double? SmoothedTotal { get; init; }

    /// <summary>Set by a controller: the completion neither gains nor loses, and its advantage is written as exactly 0.</summary>
    public bool Neutral { get; init; }

    /// <summary>
    /// Set where a judge did not answer and <see cref="JudgeFailure.LeaveOut"/> was chosen: what the other rewards say is no fair total, so
    /// the completion is not scored (<see cref="IsScored"/> is false).
    /// </summary>
    public bool IsLeftOut { get; init; }

    /// <summary>
    /// Whether anything judged the completion. Where no component has a value (a judge did not answer, no reward applies), its worth is not
    /// 0 but unknown: it is no member of any mean or deviation, and has no advantage (huggingface/trl#5902). Penalties alone judge nothing
    /// (a wrong answer with a total of −1 would lose against an unjudged one with a penalty of 0), unless there is nothing but penalties.
    /// Without components nothing was asked, and the total is 0.
    /// </summary>
    public bool IsScored => SmoothedTotal is not null || (!IsLeftOut && HasJudgement);

    private bool HasJudgement => Components.Count == 0
        || Components.Any(c => c.Value is not null && (c.CanAdd || !Components.Any(other => other.CanAdd)));

    /// <summary>
    /// The reward r: the smoothed total when there is one, else the sum of the weighted components that have a value;
    /// <see cref="double.NaN"/> where nothing judged the completion (<see cref="IsScored"/>), so that it cannot pass for a 0.
    /// </summary>
    public double Total => SmoothedTotal ?? (IsScored ? Components.Sum(c => c.Weighted) : double.NaN);

    /// <summary>The component of that name, or null.</summary>
    public RewardComponent? Find(string name) => Components.FirstOrDefault(c => c.Name == name);

    private static IReadOnlyList<RewardComponent> Distinct(IReadOnlyList<RewardComponent> components)
    {
        for (var i = 0; i < Guard.NotNull(components).Count; i++)
            for (var j = 0; j < i; j++)
                if (components[i].Name == components[j].Name)
                    throw new ArgumentException(
                        $"Expected every reward of a completion to have its own name, got '{components[i].Name}' twice: "
                        + $"{Text(components[j])} and {Text(components[i])}. Leave one out, or rename it: "
                        + $"reward.Named(\"…\").", nameof(components));
        return components;

        static string Text(RewardComponent c)
            => FormattableString.Invariant($"{c.Weight} · {c.Value?.ToString(CultureInfo.InvariantCulture) ?? "(none)"}");
    }
}

/// <summary>A group with the scores of its completions, in the same order.</summary>
/// <param name="Group">The example and its completions.</param>
/// <param name="Scores">One per completion.</param>
public sealed record ScoredGroup(RolloutGroup Group, IReadOnlyList<CompletionScore> Scores)
{
    /// <summary>
    /// Rewards of all completions, in order; <see cref="double.NaN"/> for one that nothing judged (<see cref="CompletionScore.IsScored"/>).
    /// </summary>
    public double[] Totals => Scores.Select(s => s.Total).ToArray();

    /// <summary>Scores of the policy's completions, without the label's, in order.</summary>
    internal IEnumerable<CompletionScore> RolloutScores => Scores.Where((_, i) => !IsDemonstration(i));

    /// <summary>
    /// Rewards of the completions that something judged, without those that <paramref name="counts"/> is false for, by index.
    /// </summary>
    internal double[] TotalsOf(Func<int, bool> counts)
        => [.. Scores.Where((score, i) => score.IsScored && counts(i)).Select(score => score.Total)];

    /// <summary>Rewards of the rollouts that something judged, in order.</summary>
    internal double[] RolloutTotals => TotalsOf(i => !IsDemonstration(i));

    /// <summary>Whether completion <paramref name="index"/> is the label.</summary>
    public bool IsDemonstration(int index) => Group.Completions[index].Source == CompletionSource.Demonstration;
}
