using System.Globalization;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Asks a judge about many completions and waits for all answers. The only file of the library that awaits: it holds managed data alone, and
/// its caller blocks, so the thread that owns a dispose scope is the same before and after.
/// </summary>
internal static class JudgeGathering
{
    /// <summary>One value per completion, groups in order.</summary>
    /// <exception cref="InvalidOperationException">The judge failed for good; the first such completion in order among those that had failed by then is named.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was set.</exception>
    public static JudgeAnswer[][] Ask(JudgeReward reward, string name, IReadOnlyList<RolloutGroup> groups, CancellationToken cancellation)
        // On the thread pool: a caller with a synchronisation context would wait for itself.
        => Task.Run(() => AskAsync(reward, name, groups, cancellation), cancellation).GetAwaiter().GetResult();

    private static async Task<JudgeAnswer[][]> AskAsync(JudgeReward reward, string name, IReadOnlyList<RolloutGroup> groups,
        CancellationToken cancellation)
    {
        var values = groups.Select(group => new JudgeAnswer[group.Completions.Count]).ToArray();
        var places = groups.SelectMany((group, q) => group.Completions.Select((_, i) => (Group: q, Index: i))).ToArray();
        var failures = new Exception?[places.Length];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = reward.Options.Concurrency, CancellationToken = stop.Token, TaskScheduler = TaskScheduler.Default };
            await Parallel.ForAsync(0, places.Length, options, async (k, _) =>
            {
                var (q, i) = places[k];
                try
                {
                    values[q][i] = await AskOneAsync(reward, name, groups[q], i, stop.Token).ConfigureAwait(false);
                }
                catch (JudgeFailedException failure)
                {
                    failures[k] = failure;
                    await stop.CancelAsync().ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && Array.Exists(failures, f => f is not null))
        {
            // The others were stopped because one has failed: that one is the news.
        }
        return Array.Find(failures, f => f is not null) is { } first ? throw first : values;
    }

    private static async Task<JudgeAnswer> AskOneAsync(JudgeReward reward, string name, RolloutGroup group, int index,
        CancellationToken stop)
    {
        var options = reward.Options;
        var pause = options.Pause;
        for (var attempt = 1; ; attempt++)
        {
            stop.ThrowIfCancellationRequested();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(options.Timeout);
            var token = limit.Token;
            Exception failure;
            // On a thread of its own until it first awaits: one that blocks would hold the step, and the pool's threads with it.
            var asking = Task.Factory.StartNew(() => reward.Judge.ScoreAsync(group.Example, group.Completions[index], token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
            try
            {
                // Not left to the judge alone: one that ignores its token would hold the step for ever.
                var value = await asking.Unwrap().WaitAsync(token).ConfigureAwait(false);
                if (value is null || double.IsFinite(value.Value)) return new JudgeAnswer(value);
                failure = new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"expected a finite number, got {value}."));
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested && limit.IsCancellationRequested)
            {
                failure = new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"no answer within "
                    + $"{options.Timeout.TotalSeconds:0.###} s.")
                    + (asking.IsCompleted ? ""
                        : " It blocks its thread instead of awaiting, and was left behind there: await in the judge, "
                            + "and pass its token on."));
            }
            catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                failure = e;
            }
            if (attempt < options.Attempts)
            {
                await Task.Delay(pause, stop).ConfigureAwait(false);
                pause *= 2;
                continue;
            }
            if (options.OnFailure != JudgeFailure.Stop) return new JudgeAnswer(null, IsMissing: options.OnFailure == JudgeFailure.LeaveOut);
            throw new JudgeFailedException(
                $"Reward '{name}' failed on example '{group.Example.Id}', {RewardSuite.Describe(group, index)}, "
                    + $"after {Attempts(options.Attempts)}: {failure.Message} " +
                "See that the judge answers, or choose JudgeFailure.LeaveOut to go on without the completions that it does "
                    + "not answer for.", failure);
        }
    }

    private static string Attempts(int count) => count == 1 ? "one attempt" : string.Create(CultureInfo.InvariantCulture, $"{count} attempts");
}

/// <summary>What came of asking a judge about one completion.</summary>
/// <param name="Value">Its value; null where it does not apply, or did not answer.</param>
/// <param name="IsMissing">Whether it did not answer and the completion is to be left out for that.</param>
internal readonly record struct JudgeAnswer(double? Value, bool IsMissing = false);

/// <summary>A judge that failed for good; an <see cref="InvalidOperationException"/> to the outside, as other rewards' failures are.</summary>
internal sealed class JudgeFailedException : InvalidOperationException
{
    public JudgeFailedException()
    {
    }

    public JudgeFailedException(string message)
        : base(message)
    {
    }

    public JudgeFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
