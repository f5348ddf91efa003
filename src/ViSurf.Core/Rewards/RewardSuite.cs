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
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (function, weight) in rewards)
        {
            Guard.NotBlank(Guard.NotNull(function).Name);
            if (!double.IsFinite(weight))
                throw new ArgumentException($"Expected a finite weight for reward '{function.Name}', got {weight}.", nameof(rewards));
            if (!names.Add(function.Name))
                throw new ArgumentException(
                    $"Expected every reward of a suite to have its own name, got '{function.Name}' twice. Rename one of them.", nameof(rewards));
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
    /// Scores all groups of a step. Judges (<see cref="JudgeReward"/>) are asked about all completions at once, after the other rewards have found nothing wrong;
    /// the call returns when everything has been answered.
    /// </summary>
    /// <param name="groups">The groups.</param>
    /// <param name="cancellation">Checked between completions, and handed to judges.</param>
    /// <exception cref="InvalidOperationException">See the other form.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was set.</exception>
    public IReadOnlyList<ScoredGroup> Score(IReadOnlyList<RolloutGroup> groups, CancellationToken cancellation = default)
    {
        var components = Guard.NotNull(groups).Select(group => ScoreDirectly(group, cancellation)).ToArray();
        for (var k = 0; k < Rewards.Count; k++)
        {
            var (reward, weight) = Rewards[k];
            if (reward is not JudgeReward judge) continue;
            var answers = JudgeGathering.Ask(judge, groups, cancellation);
            for (var q = 0; q < groups.Count; q++)
                for (var i = 0; i < answers[q].Length; i++)
                    components[q][i][k] = new RewardComponent(reward.Name, answers[q][i], weight, reward.Maximum) { Minimum = reward.Minimum };
        }
        var scored = groups.Select((group, q) => new ScoredGroup(group, components[q].Select(c => new CompletionScore(c)).ToArray())).ToArray();
        foreach (var group in scored) TotalGuard.Check(group);
        return scored;
    }

    /// <summary>Every reward but the judges, whose places stay empty.</summary>
    private RewardComponent[][] ScoreDirectly(RolloutGroup group, CancellationToken cancellation)
    {
        var scores = new RewardComponent[group.Completions.Count][];
        if (Parallelism == 1 || scores.Length < 2)
        {
            for (var i = 0; i < scores.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                scores[i] = ScoreOne(group, i);
            }
            return scores;
        }

        // The first failing completion is reported, not the one that happened to fail first.
        var errors = new Exception?[scores.Length];
        Parallel.For(0, scores.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, i =>
        {
            try
            {
                scores[i] = ScoreOne(group, i);
            }
            catch (Exception e)
            {
                errors[i] = e;
            }
        });
        if (Array.Find(errors, e => e is not null) is { } first)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        return scores;
    }

    private RewardComponent[] ScoreOne(RolloutGroup group, int index)
    {
        var components = new RewardComponent[Rewards.Count];
        for (var k = 0; k < components.Length; k++)
        {
            var (reward, weight) = Rewards[k];
            if (reward is JudgeReward) continue;
            components[k] = new RewardComponent(reward.Name, Value(reward, group, index), weight, reward.Maximum) { Minimum = reward.Minimum };
        }
        return components;
    }

    private static double? Value(IRewardFunction reward, RolloutGroup group, int index)
    {
        double? value;
        try
        {
            value = reward.Score(group.Example, group.Completions[index]);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"Reward '{reward.Name}' failed on example '{group.Example.Id}', {Describe(group, index)}: {e.Message} " +
                "Fix the row, or the reward so that it scores a malformed completion low instead of throwing.", e);
        }
        return value is null || double.IsFinite(value.Value)
            ? value
            : throw new InvalidOperationException(
                $"Expected a finite number from reward '{reward.Name}' on example '{group.Example.Id}', {Describe(group, index)}, " +
                $"got {value}. Return null where the reward does not apply.");
    }

    internal static string Describe(RolloutGroup group, int index)
        => group.Completions[index].Source == CompletionSource.Demonstration ? "its label" : $"completion {index}";
}
