using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Rewards from lambdas, and decorators for any reward. A decorator of your own says what it stands before with <see cref="IWrapper"/>, so
/// that a suite finds the judge in it.
/// </summary>
public static class RewardFunction
{
    /// <summary>A reward from a function that may say "does not apply" with null.</summary>
    /// <param name="name">Unique in a suite; snake case by custom.</param>
    /// <param name="score">Pure and thread-safe: see <see cref="IRewardFunction.Score"/>.</param>
    /// <param name="maximum">The largest value <paramref name="score"/> can return.</param>
    /// <param name="minimum">The smallest value <paramref name="score"/> can return.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is blank.</exception>
    public static IRewardFunction From(string name, Func<VisionExample, Completion, double?> score, double maximum = 1.0, double minimum = 0.0)
        => new Lambda(Guard.NotBlank(name), Guard.NotNull(score), maximum, minimum);

    /// <summary>A reward from a function that applies to every example.</summary>
    /// <inheritdoc cref="From(string, Func{VisionExample, Completion, double?}, double, double)"/>
    public static IRewardFunction From(string name, Func<VisionExample, Completion, double> score, double maximum = 1.0, double minimum = 0.0)
    {
        Guard.NotNull(score);
        return From(name, (example, completion) => (double?)score(example, completion), maximum, minimum);
    }

    /// <summary>The same reward under another name, for a suite that has the old one already or a controller that looks for the new one.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is blank.</exception>
    public static IRewardFunction Named(this IRewardFunction reward, string name)
        => Around(Guard.NotNull(reward), Guard.NotBlank(name), reward.Score, reward.Maximum, reward.Minimum);

    /// <summary>The same reward, its values and bounds multiplied by <paramref name="factor"/>; the name stays.</summary>
    /// <param name="reward">The reward.</param>
    /// <param name="factor">Positive. For a penalty, give the reward negative values, or a negative weight in its suite.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="factor"/> is not positive.</exception>
    public static IRewardFunction Scaled(this IRewardFunction reward, double factor)
    {
        Guard.NotNull(reward);
        Guard.Positive(factor);
        return Around(reward, reward.Name, (example, completion) => reward.Score(example, completion) * factor, reward.Maximum * factor,
            reward.Minimum * factor);
    }

    /// <summary>The same reward with values below <paramref name="low"/> or above <paramref name="high"/> moved to the bound.</summary>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>.</exception>
    /// <remarks>A value that is not a number stays one, so that the suite can report it.</remarks>
    public static IRewardFunction Clamped(this IRewardFunction reward, double low, double high)
    {
        Guard.NotNull(reward);
        if (!(low <= high)) throw new ArgumentException($"Expected low <= high, got [{low}, {high}].", nameof(low));
        return Around(reward, reward.Name,
            (example, completion) => reward.Score(example, completion) is { } value ? Math.Clamp(value, low, high) : null,
            Math.Clamp(reward.Maximum, low, high), Math.Clamp(reward.Minimum, low, high));
    }

    /// <summary>
    /// A reward that stands before another one, which is found through it: a judge is asked about all completions at once, whatever its
    /// decorators.
    /// </summary>
    internal static IRewardFunction Around(
        IRewardFunction inner, string name, Func<VisionExample, Completion, double?> score, double maximum, double minimum)
        => new Lambda(name, score, maximum, minimum) { Inner = [inner] };

    private sealed class Lambda(string name, Func<VisionExample, Completion, double?> score, double maximum,
        double minimum) : IRewardFunction, IWrapper
    {
        public IEnumerable<object> Inner { get; init; } = [];

        public string Name => name;

        public double Maximum => maximum;

        public double Minimum => minimum;

        public double? Score(VisionExample example, Completion completion) => score(example, completion);
    }
}
