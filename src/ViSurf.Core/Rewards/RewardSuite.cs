using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>A reward and what its value is multiplied with in the total.</summary>
/// <param name="Function">The reward.</param>
/// <param name="Weight">Finite. 0 keeps the component in reports without counting it; a negative one makes a penalty of it, best at the function's minimum.</param>
public sealed record WeightedReward(IRewardFunction Function, double Weight = 1.0)
{
    /// <summary>The most that it can add to a total: its weight times <see cref="IRewardFunction.Maximum"/>, or times <see cref="IRewardFunction.Minimum"/> where the weight is negative.</summary>
    public double Maximum => Weight * (Weight < 0 ? Function.Minimum : Function.Maximum);
}

/// <summary>A weighted set of rewards; turns a group of completions into named scores. Immutable and thread-safe.</summary>
public sealed class RewardSuite
{
    /// <summary>A suite in which every reward has weight 1: the plain sum, as in VisionReasoner.</summary>
    /// <exception cref="ArgumentException">Two rewards share a name.</exception>
    public RewardSuite(params IEnumerable<IRewardFunction> rewards)
        : this(Guard.NotNull(rewards).Select(r => new WeightedReward(r)).ToArray(), 1)
    {
    }

    private RewardSuite(IReadOnlyList<WeightedReward> rewards, int parallelism)
    {
        var names = new Dictionary<string, (int Place, double Weight)>(StringComparer.Ordinal);
        foreach (var (function, weight) in rewards)
        {
            Guard.NotBlank(Guard.NotNull(function).Name);
            if (!double.IsFinite(weight))
                throw new ArgumentException($"Expected a finite weight for reward '{function.Name}', got {weight}.", nameof(rewards));
            if (!names.TryAdd(function.Name, (names.Count + 1, weight)))
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"Expected every reward of a suite to have its own name, got '{function.Name}' twice: "
                        + $"as reward {names[function.Name].Place} "
                    + $"with weight {names[function.Name].Weight} and as reward {names.Count + 1} with weight {weight}. "
                    + $"Rename one of them: "
                    + $"reward.Named(\"…\")."), nameof(rewards));
        }
        (Rewards, Parallelism) = (rewards, parallelism);
    }

    /// <summary>The rewards in the order of the components.</summary>
    public IReadOnlyList<WeightedReward> Rewards { get; }

    /// <summary>How many completions of a group may be scored at once; the result does not depend on it.</summary>
    /// <value>1: the shipped rewards take microseconds. Raise it for rewards that wait or compute for long.</value>
    public int Parallelism { get; }

    /// <summary>The largest total a completion can reach when every reward applies; one that can only take away counts 0, as where it does not apply.</summary>
    public double Maximum => Rewards.Sum(r => Math.Max(0, r.Maximum));

    /// <summary>A new suite with one more reward.</summary>
    /// <exception cref="ArgumentException">The name is taken or the weight is not finite.</exception>
    public RewardSuite With(IRewardFunction reward, double weight = 1.0)
        => new([.. Rewards, new WeightedReward(reward, weight)], Parallelism);

    /// <summary>A new suite that scores up to <paramref name="parallelism"/> completions at once.</summary>
    public RewardSuite InParallel(int parallelism) => new(Rewards, Guard.Positive(parallelism));

    /// <summary>Scores every completion of the group with every reward.</summary>
    /// <exception cref="InvalidOperationException">
    /// A reward threw, or returned a number that is not finite; the message names the reward, the example and the completion.
    /// </exception>
    public ScoredGroup Score(RolloutGroup group) => Score([Guard.NotNull(group)])[0];

    /// <summary>
    /// Scores all groups of a step. Judges (<see cref="JudgeReward"/>, also behind decorators) are asked about all completions at once,
    /// after the other rewards have found nothing wrong; the call returns when everything has been answered.
    /// </summary>
    /// <param name="groups">The groups.</param>
    /// <param name="cancellation">
    /// Checked between completions, and handed to judges. Where it can be set, rewards run on another thread, so that one which never
    /// returns can be left behind there: a reward of tensors has its own dispose scope and its own no_grad.
    /// </param>
    /// <exception cref="InvalidOperationException">See the other form; or a total is too large to be compared.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was set; names the rewards that had not returned two
    /// seconds later.</exception>
    public IReadOnlyList<ScoredGroup> Score(IReadOnlyList<RolloutGroup> groups, CancellationToken cancellation = default)
        => new SuiteScoring(this, Guard.NotNull(groups), cancellation).Run();

    internal static string Describe(RolloutGroup group, int index)
        => group.Completions[index].Source == CompletionSource.Demonstration ? "its label" : $"completion {index}";
}
