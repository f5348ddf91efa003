using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>What happens when a judge has failed for good.</summary>
public enum JudgeFailure
{
    /// <summary>The step stops with an error that names example, completion and reward.</summary>
    Stop,

    /// <summary>
    /// The reward counts as not applicable to that completion, as TRL counts a reward that returns None: its total is that of the other
    /// rewards, so beside completions that the judge did answer for it is too low, and a good one is pushed down. Right where the judge
    /// adds little or takes away. Where no other reward judges it, the completion has no reward and no advantage
    /// (<see cref="CompletionScore.IsScored"/>).
    /// </summary>
    NotApplicable,

    /// <summary>
    /// The completion is left out, whatever the other rewards say of it: no member of any mean or deviation, advantage 0
    /// (<see cref="CompletionScore.IsLeftOut"/>). The others of its group are compared among themselves. The step's statistics say how
    /// many. A judge of weight 0, which only looks on, leaves nothing out.
    /// </summary>
    LeaveOut,
}

/// <summary>How a judge is asked.</summary>
public sealed record JudgeOptions
{
    /// <summary>Questions under way at once.</summary>
    /// <value>16.</value>
    public int Concurrency { get; init; } = 16;

    /// <summary>
    /// How long one attempt may take, also of a judge that blocks its thread instead of awaiting; it is left behind then.
    /// </summary>
    /// <value>30 seconds.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts for one completion, the first included.</summary>
    /// <value>3.</value>
    public int Attempts { get; init; } = 3;

    /// <summary>Pause before the second attempt; doubled before each further one.</summary>
    /// <value>0.5 seconds.</value>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>What happens after the last attempt.</summary>
    /// <value>
    /// <see cref="JudgeFailure.Stop"/>: a judge that fails at every attempt is more often set up wrongly than busy, and a run that goes on
    /// without it would learn from a part of its rewards for hours. <see cref="JudgeFailure.LeaveOut"/> goes on without a wrong signal.
    /// </value>
    public JudgeFailure OnFailure { get; init; } = JudgeFailure.Stop;

    /// <summary>The largest value the judge gives.</summary>
    /// <value>1.</value>
    public double Maximum { get; init; } = 1;

    /// <summary>The smallest value the judge gives.</summary>
    /// <value>0.</value>
    public double Minimum { get; init; }

    internal JudgeOptions Validated()
    {
        Guard.Positive(Concurrency);
        Guard.Positive(Attempts);
        if (Timeout <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(Timeout), Timeout, $"Expected a positive Timeout, got {Timeout}.");
        if (Pause < TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(Pause), Pause, $"Expected a Pause of zero or more, got {Pause}.");
        return Minimum <= Maximum ? this : throw new ArgumentException($"Expected Minimum <= Maximum, got [{Minimum}, {Maximum}].");
    }
}

/// <summary>
/// A judge as a reward of a suite: <c>suite.With(new JudgeReward(judge, new JudgeOptions { Concurrency = 32 }), weight: 0.5)</c>. A suite asks for all completions of a
/// step concurrently and waits for the answers, also where the judge is renamed, scaled or clamped; asked for one completion by itself,
/// it blocks for that one.
/// </summary>
/// <param name="judge">Who is asked.</param>
/// <param name="options">Null means the defaults.</param>
public sealed class JudgeReward(IAsyncRewardFunction judge, JudgeOptions? options = null) : IRewardFunction
{
    /// <summary>Who is asked.</summary>
    public IAsyncRewardFunction Judge { get; } = Guard.NotNull(judge);

    /// <summary>How.</summary>
    public JudgeOptions Options { get; } = (options ?? new JudgeOptions()).Validated();

    /// <inheritdoc/>
    public string Name => Judge.Name;

    /// <inheritdoc/>
    public double Maximum => Options.Maximum;

    /// <inheritdoc/>
    public double Minimum => Options.Minimum;

    /// <summary>A judge from a function.</summary>
    /// <param name="name">Unique in a suite.</param>
    /// <param name="score">See <see cref="IAsyncRewardFunction.ScoreAsync"/>.</param>
    /// <param name="options">Null means the defaults.</param>
    public static JudgeReward From(string name, Func<VisionExample, Completion, CancellationToken, Task<double?>> score, JudgeOptions? options = null)
        => new(new Lambda(Guard.NotBlank(name), Guard.NotNull(score)), options);

    /// <inheritdoc/>
    /// <remarks>Asked by itself a judge leaves out no completion: null is all it can say. A suite does.</remarks>
    /// <exception cref="InvalidOperationException">The judge failed at every attempt, or returned a number that is not finite.</exception>
    public double? Score(VisionExample example, Completion completion)
    {
        var asked = JudgeAnswers.Current;
        if (asked is not null && asked.TryFind(this, Guard.NotNull(example), Guard.NotNull(completion), out var value)) return value;
        var alone = new RolloutGroup(Guard.NotNull(example), [Guard.NotNull(completion)]);
        return JudgeGathering.Ask(this, Name, [alone], asked?.Cancellation ?? CancellationToken.None)[0][0].Value;
    }

    private sealed class Lambda(string name, Func<VisionExample, Completion, CancellationToken, Task<double?>> score) : IAsyncRewardFunction
    {
        public string Name => name;

        public Task<double?> ScoreAsync(VisionExample example, Completion completion, CancellationToken cancellation) => score(example, completion, cancellation);
    }
}
