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
}

/// <summary>All components of one completion.</summary>
/// <param name="Components">In the suite's order.</param>
public sealed record CompletionScore(IReadOnlyList<RewardComponent> Components)
{
    /// <summary>A total that a controller put in place of the sum (smoothing does); null means the sum counts.</summary>
    public double? SmoothedTotal { get; init; }

    /// <summary>Set by a controller: the completion neither gains nor loses, and its advantage is written as exactly 0.</summary>
    public bool Neutral { get; init; }

    /// <summary>The reward r: the smoothed total when there is one, else the sum of the weighted components.</summary>
    public double Total => SmoothedTotal ?? Components.Sum(c => c.Weighted);

    /// <summary>The component of that name, or null.</summary>
    public RewardComponent? Find(string name) => Components.FirstOrDefault(c => c.Name == name);
}

/// <summary>A group with the scores of its completions, in the same order.</summary>
/// <param name="Group">The example and its completions.</param>
/// <param name="Scores">One per completion.</param>
public sealed record ScoredGroup(RolloutGroup Group, IReadOnlyList<CompletionScore> Scores)
{
    /// <summary>Rewards of all completions, in order.</summary>
    public double[] Totals => Scores.Select(s => s.Total).ToArray();

    /// <summary>Scores of the policy's completions, without the label's, in order.</summary>
    internal IEnumerable<CompletionScore> RolloutScores => Scores.Where((_, i) => !IsDemonstration(i));

    /// <summary>Whether completion <paramref name="index"/> is the label.</summary>
    public bool IsDemonstration(int index) => Group.Completions[index].Source == CompletionSource.Demonstration;
}
