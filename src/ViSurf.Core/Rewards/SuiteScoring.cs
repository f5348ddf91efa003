using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>One step's scoring by a suite: first the rewards that wait for nobody, then those with a judge in them.</summary>
internal sealed class SuiteScoring(RewardSuite suite, IReadOnlyList<RolloutGroup> groups, CancellationToken cancellation)
{
    /// <summary>How long a cancelled step waits for rewards that are at work; the step ends between two of them.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(int Group, int Index), (string Reward, long Since)> _running = [];

    /// <summary>
    /// Scores on a thread of its own where the step can be cancelled, so that a reward which never returns can be left behind.
    /// </summary>
    /// <exception cref="OperationCanceledException">The step was cancelled; names the rewards that were left behind.</exception>
    public IReadOnlyList<ScoredGroup> Run()
    {
        if (!cancellation.CanBeCanceled) return Score();
        cancellation.ThrowIfCancellationRequested();
        const TaskCreationOptions OwnThread = TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach;
        var scoring = Task.Factory.StartNew(Score, CancellationToken.None, OwnThread, TaskScheduler.Default);
        try
        {
            Task.WaitAny([scoring], cancellation);
        }
        catch (OperationCanceledException)
        {
            if (Task.WaitAny([scoring], Grace) < 0) throw new OperationCanceledException(LeftBehind(), cancellation);
        }
        return scoring.GetAwaiter().GetResult();
    }

    private ScoredGroup[] Score()
    {
        var rewards = suite.Rewards;
        var judges = rewards.Select(reward => Wrappers.FindAll<JudgeReward>(reward.Function).ToArray()).ToArray();
        var components = groups.Select(group => group.Completions.Select(_ => new RewardComponent[rewards.Count]).ToArray()).ToArray();
        Fill(components, [.. Enumerable.Range(0, rewards.Count).Where(k => judges[k].Length == 0)]);
        using var answers = new JudgeAnswers(cancellation).Open();
        for (var k = 0; k < rewards.Count; k++)
        {
            if (judges[k].Length == 0) continue;
            foreach (var judge in judges[k]) answers.Ask(judge, rewards[k].Function.Name, groups);
            Fill(components, [k]);
        }
        // A judge that does not count is only looked at: its silence takes nothing from the total.
        JudgeReward[] heard = [.. Enumerable.Range(0, rewards.Count).Where(k => rewards[k].Weight != 0).SelectMany(k => judges[k])
            .Distinct()];
        var scored = groups.Select((group, q) => new ScoredGroup(group, [.. components[q].Select((c, i) => new CompletionScore(c)
        {
            IsLeftOut = heard.Any(judge => answers.IsMissing(judge, group.Example, group.Completions[i])),
        })])).ToArray();
        foreach (var group in scored) TotalGuard.Check(group);
        return scored;
    }

    /// <summary>Scores every completion with the rewards at those places.</summary>
    private void Fill(RewardComponent[][][] components, int[] places)
    {
        for (var q = 0; q < groups.Count; q++)
        {
            var count = groups[q].Completions.Count;
            if (suite.Parallelism == 1 || count < 2)
            {
                for (var i = 0; i < count; i++) FillOne(components, places, q, i);
                continue;
            }
            // The first failing completion is reported, not the one that happened to fail first.
            var (errors, group) = (new Exception?[count], q);
            Parallel.For(0, count,
                new ParallelOptions { MaxDegreeOfParallelism = suite.Parallelism, CancellationToken = cancellation }, i =>
            {
                try
                {
                    FillOne(components, places, group, i);
                }
                catch (Exception e)
                {
                    errors[i] = e;
                }
            });
            if (Array.Find(errors, e => e is not null) is { } first) ExceptionDispatchInfo.Throw(first);
        }
    }

    private void FillOne(RewardComponent[][][] components, int[] places, int q, int i)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (var k in places)
        {
            var (reward, weight) = suite.Rewards[k];
            _running[(q, i)] = (reward.Name, Stopwatch.GetTimestamp());
            try
            {
                components[q][i][k] = new RewardComponent(reward.Name, Value(reward, groups[q], i), weight,
                    reward.Maximum) { Minimum = reward.Minimum };
            }
            finally
            {
                // Also of one that threw: it has returned.
                _running.TryRemove((q, i), out _);
            }
        }
    }

    private double? Value(IRewardFunction reward, RolloutGroup group, int index)
    {
        double? value;
        try
        {
            value = reward.Score(group.Example, group.Completions[index]);
        }
        // A client whose time is up throws a cancelled task: only where the step's own token is set is the step cancelled.
        catch (Exception e) when (e is not (JudgeFailedException or OperationCanceledException)
                                  || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new InvalidOperationException(
                $"Reward '{reward.Name}' failed on example '{group.Example.Id}', {RewardSuite.Describe(group, index)}: {e.Message} " +
                "Fix the row, or the reward so that it scores a malformed completion low instead of throwing.", e);
        }
        return value is null || double.IsFinite(value.Value)
            ? value
            : throw new InvalidOperationException(
                $"Expected a finite number from reward '{reward.Name}' on example '{group.Example.Id}', "
                    + $"{RewardSuite.Describe(group, index)}, " +
                $"got {value}. Return null where the reward does not apply.");
    }

    private string LeftBehind()
        => "The step was cancelled while rewards had not returned, and they were left behind on their threads: "
            + $"{string.Join("; ", _running.OrderBy(at => at.Key).Take(3).Select(at => Place(groups[at.Key.Group], at.Key.Index, at.Value)))}. "
            + "See that they end, or ask whoever they wait for as a JudgeReward, which has a timeout.";

    private static string Place(RolloutGroup group, int index, (string Reward, long Since) at)
        => string.Create(CultureInfo.InvariantCulture, $"reward '{at.Reward}' on example '{group.Example.Id}', "
            + $"{RewardSuite.Describe(group, index)}, ")
            + string.Create(CultureInfo.InvariantCulture, $"for {Stopwatch.GetElapsedTime(at.Since).TotalSeconds:0.0} s");
}
