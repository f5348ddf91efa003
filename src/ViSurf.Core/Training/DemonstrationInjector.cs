using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>
/// Puts the label into the group of rollouts as its last member, written as the policy would write it: ViSurf's augmented set
/// {o_1 … o_G} ∪ {y} and its first strategy, "align the label with rollout preference" (§3.3).
/// </summary>
/// <param name="encoder">Tokenizes the label, end-of-turn token last, so that the policy also learns to stop.</param>
/// <param name="format">How labels are written whose example does not say so itself; null means <c>new LabelFormat()</c>.</param>
public sealed class DemonstrationInjector(IPromptEncoder encoder, LabelFormat? format = null)
{
    private readonly IPromptEncoder _encoder = Guard.NotNull(encoder);
    private readonly LabelFormat _format = format ?? new LabelFormat();

    /// <summary>Writes labels, and knows the model's frame.</summary>
    internal IPromptEncoder Encoder => _encoder;

    /// <summary>The label as a completion, or null when the example has none.</summary>
    /// <remarks>Its text is decoded from its tokens, as a rollout's is: rewards read both the same way.</remarks>
    /// <exception cref="InvalidDataException">
    /// The label has no tokens, or its coordinates are not in the model's frame; the message names the example.
    /// </exception>
    public Completion? Demonstration(VisionExample example) => Demonstration(example, int.MaxValue);

    /// <summary>The label as a completion of at most <paramref name="maxTokens"/> tokens, or null when the example has none.</summary>
    /// <param name="example">The example.</param>
    /// <param name="maxTokens">See <see cref="TrainerOptions.MaxLabelTokens"/>.</param>
    /// <exception cref="InvalidDataException">
    /// The label has no tokens or too many, or its coordinates are not in the model's frame; the message names the example.
    /// </exception>
    public Completion? Demonstration(VisionExample example, int maxTokens)
    {
        if (Text(Guard.NotNull(example)) is not { } text) return null;
        ModelFrame.Ensure(_encoder, example);
        var tokens = _encoder.EncodeAnswer(text);
        if (tokens.Count > maxTokens)
            throw new InvalidDataException(
                $"Expected at most {maxTokens} label tokens, got {tokens.Count} for example '{example.Id}'. Shorten its label, "
                    + $"raise {nameof(TrainerOptions.MaxLabelTokens)}, or drop the row.");
        return tokens.Count > 0
            ? new Completion(tokens, _encoder.AnswerOpening + _encoder.Decode(tokens), FinishReason.Stop, CompletionSource.Demonstration)
            : throw new InvalidDataException(
                $"Expected tokens for the label of example '{example.Id}', got none. EncodeAnswer must at least end with the end-of-turn token.");
    }

    /// <summary>The label as it is written, before it is tokenized; null for none.</summary>
    internal string? Text(VisionExample example) => example.Target is { } target ? (example.LabelFormat ?? _format).Write(target) : null;

    /// <summary>The group with the label appended; the same group when the example has no label.</summary>
    public RolloutGroup Inject(RolloutGroup group)
        => Join(group, Demonstration(Guard.NotNull(group).Example));

    /// <summary>The group with this label as its last member; the same group where there is none.</summary>
    internal static RolloutGroup Join(RolloutGroup group, Completion? label) => label is null ? group
        : group with { Completions = [.. group.Completions, label] };
}
