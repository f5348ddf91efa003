using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>Everything a step has to say; managed numbers only. Returned by <see cref="Trainer.Step"/>: this is the whole logging interface.</summary>
public sealed record StepReport
{
    /// <summary>Index of the step, 0 for the first.</summary>
    public required long Step { get; init; }

    /// <summary>Groups with their scores before and after reward control, and their advantages.</summary>
    public required IReadOnlyList<TrainedGroup> Groups { get; init; }

    /// <summary>Rewards of the step.</summary>
    public required RewardSummary Rewards { get; init; }

    /// <summary>Lengths of the step.</summary>
    public required LengthSummary Lengths { get; init; }

    /// <summary>One entry per optimizer update; empty when no row had anything to teach.</summary>
    public required IReadOnlyList<UpdateReport> Updates { get; init; }

    /// <summary>Updates skipped since the trainer was made, this step's included. Rising in every step means a diverged run.</summary>
    public required long SkippedUpdates { get; init; }

    /// <summary>Where the time went.</summary>
    public required StepTimes Times { get; init; }

    /// <summary>Memory in use at the end of the step; null when nobody measured it.</summary>
    /// <value>null.</value>
    public MemorySummary? Memory { get; init; }

    /// <summary>
    /// Groups that nothing was learnt from, each with its reason: rolled out again, left out or replaced by a group policy, or skipped because every
    /// advantage is 0 (<see cref="TrainerParts.SkipNeutralGroups"/>). An example may occur more than once.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<SkippedGroup> SkippedGroups { get; init; } = [];

    /// <summary>Why this step's last update was skipped; null when it was made.</summary>
    public SkippedUpdate? Skipped => Updates is [.., var last] ? last.Skipped : null;

    /// <summary>One line for a log.</summary>
    public override string ToString() => StepReportText.Line(this);
}

/// <summary>A group at the end of a step.</summary>
/// <param name="Scored">As the rewards judged it.</param>
/// <param name="Controlled">
/// After reward control and the group policy: it may have lost completions, all of them when it was left out, or be a replayed one of another example.
/// </param>
/// <param name="Advantages">One per completion of <paramref name="Controlled"/>.</param>
public sealed record TrainedGroup(ScoredGroup Scored, ScoredGroup Controlled, IReadOnlyList<double> Advantages)
{
    /// <summary>Whether no completion of the group gains or loses.</summary>
    public bool IsNeutral => Advantages.All(a => a == 0);
}

/// <summary>Means of one reward over a step, before weights and before reward control.</summary>
/// <param name="Name">The reward's name.</param>
/// <param name="Rollouts">Mean over the rollouts it applies to; null when there are none.</param>
/// <param name="Labels">Mean over the labels it applies to; null when there are none.</param>
public sealed record ComponentSummary(string Name, double? Rollouts, double? Labels);

/// <summary>Rewards of a step. Rollout numbers are null in supervised fine-tuning, label numbers without labels.</summary>
public sealed record RewardSummary
{
    /// <summary>Mean total over all rollouts that something judged.</summary>
    public required double? Mean { get; init; }

    /// <summary>Standard deviation (n − 1) of the totals within a group's rollouts, mean over groups; 0 for groups of one.</summary>
    public required double? Deviation { get; init; }

    /// <summary>
    /// Fraction of the rollouts that nothing could judge (<see cref="CompletionScore.IsScored"/>), in [0, 1]: they are in no mean and have
    /// no advantage.
    /// </summary>
    /// <value>0.</value>
    public double Unscored { get; init; }

    /// <summary>Mean total of the labels before reward control, of those that something judged.</summary>
    public required double? LabelMean { get; init; }

    /// <summary>
    /// Fraction of the labels that something judged and reward control left in use: 1 is near supervised fine-tuning, 0 is plain RL.
    /// </summary>
    public required double? LabelUsed { get; init; }

    /// <summary>Fraction of groups in which every advantage is 0: nothing was learnt from them.</summary>
    public required double NeutralGroups { get; init; }

    /// <summary>Fraction of groups whose rollouts all have the same total: without a label they would teach nothing.</summary>
    public required double? UniformRollouts { get; init; }

    /// <summary>Each reward, in the suite's order.</summary>
    public required IReadOnlyList<ComponentSummary> Components { get; init; }

    /// <summary>Spread, range and applicability of each reward over the rollouts, and warnings in words.</summary>
    public RewardStatistics Statistics { get; init; } = RewardStatistics.None;
}

/// <summary>Token counts of a step.</summary>
/// <param name="Mean">Mean rollout tokens; null without rollouts.</param>
/// <param name="Longest">Longest rollout; null without rollouts.</param>
/// <param name="Truncated">Fraction of rollouts that ended at the token limit; null without rollouts.</param>
/// <param name="LabelMean">Mean label tokens; null without labels.</param>
/// <param name="PromptTokens">Prompt tokens, each prompt once.</param>
/// <param name="CompletionTokens">Completion tokens, labels included.</param>
public sealed record LengthSummary(
    double? Mean, int? Longest, double? Truncated, double? LabelMean, long PromptTokens, long CompletionTokens)
{
    /// <summary>Longest prompt.</summary>
    /// <value>0.</value>
    public int LongestPrompt { get; init; }

    /// <summary>
    /// Tokens of all sequences as systems count that repeat the prompt for each completion: the prompt as often as it has completions, plus the
    /// completions. For comparing throughput with theirs.
    /// </summary>
    /// <value>0.</value>
    public long SequenceTokens { get; init; }
}

/// <summary>Memory at the end of a step, in bytes.</summary>
/// <param name="Host">Resident memory of the process.</param>
/// <param name="Device">
/// In use on the policy's CUDA device, by the driver's count: context and other programs included. libtorch's allocator gives nothing back while it
/// runs, so it is near the peak so far. Null on the CPU, and where the driver does not say.
/// </param>
public sealed record MemorySummary(long Host, long? Device);

/// <summary>Wall-clock seconds of a step's phases.</summary>
/// <param name="Encode">Pictures and text to tensors.</param>
/// <param name="Rollout">Sampling and decoding to text.</param>
/// <param name="Reward">Rewards, control and advantages.</param>
/// <param name="Update">Scoring, backward and optimizer. On CUDA the optimizer's kernels may still run when the step returns.</param>
public sealed record StepTimes(double Encode, double Rollout, double Reward, double Update)
{
    /// <summary>All phases.</summary>
    public double Total => Encode + Rollout + Reward + Update;
}
