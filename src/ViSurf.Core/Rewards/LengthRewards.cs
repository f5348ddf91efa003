using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>Values at the two ends of <see cref="LengthRewards.Cosine"/>.</summary>
public sealed record CosineLengthOptions
{
    /// <summary>Length from which the value no longer changes.</summary>
    /// <value>1024 tokens, as in VLM-R1.</value>
    public int MaximumLength { get; init; } = 1024;

    /// <summary>For a right answer of length 0, and of <see cref="MaximumLength"/>.</summary>
    /// <value>1 down to 0.5: short right answers are best.</value>
    public (double Short, double Long) Right { get; init; } = (1, 0.5);

    /// <summary>For a wrong answer of length 0, and of <see cref="MaximumLength"/>.</summary>
    /// <value>0 down to −0.5.</value>
    public (double Short, double Long) Wrong { get; init; } = (0, -0.5);

    /// <summary>What the length is.</summary>
    /// <value>The number of tokens.</value>
    public Func<Completion, int> Length { get; init; } = completion => completion.TokenIds.Count;
}

/// <summary>Rewards for saying it briefly and once. They look at the completion only.</summary>
public static class LengthRewards
{
    /// <summary>Name of DAPO's punishment, here and where a controller adds it.</summary>
    internal const string OverlongComponent = "overlong";

    /// <summary>
    /// A right or wrong answer's value, bent by its length along half a cosine (VLM-R1, after "Demystifying Long Chain-of-Thought"). Applies where
    /// <paramref name="accuracy"/> does; an answer is right when that gives its maximum.
    /// </summary>
    public static IRewardFunction Cosine(IRewardFunction accuracy, CosineLengthOptions? options = null)
    {
        Guard.NotNull(accuracy);
        var o = options ?? new CosineLengthOptions();
        Guard.Positive(o.MaximumLength);
        return RewardFunction.Around(accuracy, "cosine_length", (example, completion) =>
        {
            if (accuracy.Score(example, completion) is not { } value) return null;
            var (shortest, longest) = value > accuracy.Maximum - SameReward.Tolerance ? o.Right : o.Wrong;
            var progress = Math.Clamp((double)o.Length(completion) / o.MaximumLength, 0, 1);
            return longest + (shortest - longest) * (1 + Math.Cos(Math.PI * progress)) / 2;
        }, Largest(o, Math.Max), Largest(o, Math.Min));
    }

    /// <summary>DAPO's soft overlong punishment: 0 up to <paramref name="maximumTokens"/> − <paramref name="buffer"/>, then falling linearly to −1 at the limit. −1 to 0.</summary>
    /// <param name="maximumTokens">The limit of the rollouts.</param>
    /// <param name="buffer">Tokens over which the punishment grows; at most the limit.</param>
    public static IRewardFunction Overlong(int maximumTokens, int buffer)
    {
        Guard.Positive(maximumTokens);
        Guard.InRange(buffer, 1, maximumTokens);
        return RewardFunction.From(OverlongComponent,
            (_, completion) => Overlong(Guard.NotNull(completion).TokenIds.Count, maximumTokens, buffer), 0, -1);
    }

    /// <summary>The punishment of so many tokens.</summary>
    internal static double Overlong(int tokens, int limit, int buffer) => Math.Clamp((limit - buffer - tokens) / (double)buffer, -1, 0);

    /// <summary>−(1 − distinct / all) over runs of <paramref name="words"/> words (VLM-R1). −1 to 0.</summary>
    /// <param name="words">6.</param>
    public static IRewardFunction Repetition(int words = 6)
    {
        Guard.Positive(words);
        return RewardFunction.From("repetition", (_, completion) =>
            -Measures.Repetition.Share(Guard.NotNull(completion).Text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), words), 0, -1);
    }

    /// <summary>−(1 − distinct / all) over the boxes of the completion (VLM-R1's form for detection). −1 to 0.</summary>
    public static IRewardFunction RepeatedBoxes()
        => RewardFunction.From("repeated_boxes", (_, completion) => -Measures.Repetition.Share(Brackets.All(Guard.NotNull(completion).Text).Boxes, 1), 0, -1);

    private static double Largest(CosineLengthOptions o, Func<double, double, double> pick)
        => pick(pick(o.Right.Short, o.Right.Long), pick(o.Wrong.Short, o.Wrong.Long));
}
