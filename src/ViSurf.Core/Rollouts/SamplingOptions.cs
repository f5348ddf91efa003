using ViSurf.Core.Common;

namespace ViSurf.Core.Rollouts;

/// <summary>How tokens are drawn. The defaults draw from the policy itself, which is the distribution the objective differentiates.</summary>
/// <remarks>
/// The filters are those of Hugging Face's generate, in its order: repetition penalty, suppression, temperature, top-k, top-p, min-p. Of
/// these only the temperature has a counterpart when scoring; the others make rollouts off-policy, so leave them off for training and
/// use them for evaluation. Generation settings that come with checkpoints often hold a temperature near 0 and a repetition penalty:
/// they are meant for chatting.
/// </remarks>
public sealed record SamplingOptions
{
    /// <summary>The smallest temperature but 0: below it, logits that are divided by it leave float32's range.</summary>
    public const double LeastTemperature = 1e-6;

    /// <summary>Divides the logits; 0 takes the most likely token. 0, or from <see cref="LeastTemperature"/> to 1e6.</summary>
    /// <value>1.0, so that rollouts come from the distribution the objective differentiates.</value>
    public double Temperature
    {
        get;
        init => field = value is > 0 and < LeastTemperature
            ? throw new ArgumentOutOfRangeException(nameof(Temperature), value, $"Expected Temperature 0 (the most likely token) or at "
                + $"least {LeastTemperature}, got {value}.")
            : Guard.InRange(value, 0.0, 1e6, nameof(Temperature));
    } = 1.0;

    /// <summary>Keeps the smallest set of most likely tokens whose probabilities reach this sum. In (0, 1].</summary>
    /// <value>1.0: off.</value>
    public double TopP { get; init => field = Guard.InRange(Guard.Positive(value), 0.0, 1.0); } = 1.0;

    /// <summary>Keeps this many most likely tokens (more on ties).</summary>
    /// <value>0: off.</value>
    public int TopK { get; init => field = Guard.NotNegative(value); }

    /// <summary>Keeps tokens at least this fraction as likely as the most likely one. In [0, 1].</summary>
    /// <value>0: off.</value>
    public double MinP { get; init => field = Guard.InRange(value, 0.0, 1.0); }

    /// <summary>Divides positive logits, and multiplies negative ones, of tokens already in the prompt or the completion (CTRL, arXiv 1909.05858).</summary>
    /// <value>1.0: off.</value>
    public double RepetitionPenalty { get; init => field = Guard.Positive(value); } = 1.0;

    /// <summary>Tokens that end a completion; they are part of it.</summary>
    /// <value>Empty: every completion runs to the limit. Take them from the tokenizer or the generation settings; there may be several.</value>
    public IReadOnlyList<int> StopIds { get; init => field = Ids(value, nameof(StopIds)); } = [];

    /// <summary>
    /// Tokens that are never drawn. For vision-language models the picture placeholders belong here: a sampled one makes the
    /// completion unreadable for the model that wrote it.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<int> SuppressedIds { get; init => field = Ids(value, nameof(SuppressedIds)); } = [];

    /// <summary>The temperature that log-probabilities are reported at, and that the rollouts must be scored at: <see cref="Temperature"/>, or 1 when greedy.</summary>
    public double ScoringTemperature => Temperature > 0 ? Temperature : 1.0;

    private static IReadOnlyList<int> Ids(IReadOnlyList<int> ids, string name)
        => Guard.NotNull(ids, name).All(id => id >= 0) ? ids
            : throw new ArgumentOutOfRangeException(name, $"Expected token ids in {name}, which begin at 0, got {ids.Min()}.");
}
