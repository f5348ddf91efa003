using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Evaluation;

/// <summary>
/// Metrics made of a score of single answers, which is a reward: exact, relaxed, ANLS, mathematics, or one of your own. With N answers to an
/// example: their mean, their best, and the one that most of them agree on.
/// </summary>
public static class AnswerMetrics
{
    /// <summary>Mean over all answers to an example, then over examples. Named as the reward.</summary>
    /// <param name="score">An answer's score; examples it does not apply to are left out.</param>
    public static Metric Mean(IRewardFunction score)
        => Metric.Mean(Guard.NotNull(score).Name, example => Values(score, example, example.Completions.Count).MeanOrNull());

    /// <summary>mean@n: as <see cref="Mean"/>, of the first <paramref name="n"/> answers.</summary>
    /// <param name="score">An answer's score.</param>
    /// <param name="n">Answers per example.</param>
    /// <exception cref="InvalidDataException">When measuring: an example has fewer answers.</exception>
    public static Metric MeanAt(IRewardFunction score, int n) => At("mean", score, n, values => values.Average());

    /// <summary>best@n (pass@n for a score of 0 or 1): the largest score among the first <paramref name="n"/> answers, mean over examples.</summary>
    /// <inheritdoc cref="MeanAt"/>
    public static Metric BestAt(IRewardFunction score, int n) => At("best", score, n, values => values.Max());

    /// <summary>maj@n: the score of the answer that most of the first <paramref name="n"/> give, mean over examples. See <see cref="MajorityVote"/> for ties.</summary>
    /// <param name="score">An answer's score.</param>
    /// <param name="n">Answers per example.</param>
    /// <param name="key">What makes two answers the same; null means <see cref="MajorityVote.Key"/>.</param>
    /// <exception cref="InvalidDataException">When measuring: an example has fewer answers.</exception>
    public static Metric MajorityAt(IRewardFunction score, int n, Func<Completion, string?>? key = null)
    {
        Guard.Positive(n);
        return Metric.Mean(NameOf("maj", Guard.NotNull(score), n),
            example => Values(score, example, n).Length == 0 ? null : score.Score(example.Example, MajorityVote.Winner([.. example.Completions.Take(n)], key)));
    }

    private static Metric At(string how, IRewardFunction score, int n, Func<double[], double> reduce)
    {
        Guard.Positive(n);
        return Metric.Mean(NameOf(how, Guard.NotNull(score), n), example => Values(score, example, n) is { Length: > 0 } values ? reduce(values) : null);
    }

    private static string NameOf(string how, IRewardFunction score, int n) => string.Create(CultureInfo.InvariantCulture, $"{score.Name}/{how}@{n}");

    /// <summary>Empty where the score does not apply.</summary>
    private static double[] Values(IRewardFunction score, EvaluatedExample example, int n)
    {
        var values = example.Completions.Take(n).Select(completion => score.Score(example.Example, completion)).OfType<double>().ToArray();
        if (values.Length > 0 && example.Completions.Count < n)
            throw new InvalidDataException($"Expected {n} answers to the example, got {example.Completions.Count}. Draw as many (Evaluator.Answers), or ask for fewer.");
        return values;
    }
}
