using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>
/// A reward that waits for somebody: a judge behind HTTP, a process, a queue. <see cref="JudgeReward"/> puts it into a suite, which asks for all
/// completions of a step at once.
/// </summary>
public interface IAsyncRewardFunction
{
    /// <summary>Unique in a suite; see <see cref="IRewardFunction.Name"/>.</summary>
    string Name { get; }

    /// <summary>Scores one completion. Called from several threads at once; let exceptions out, they are tried again and then reported.</summary>
    /// <param name="example">The example.</param>
    /// <param name="completion">The completion.</param>
    /// <param name="cancellation">Set when the attempt has taken too long, when another one has failed for good, or when the step is cancelled.</param>
    /// <returns>A finite number, or null when the reward does not apply to this kind of example.</returns>
    Task<double?> ScoreAsync(VisionExample example, Completion completion, CancellationToken cancellation);
}
