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

    /// <summary>The label as a completion, or null when the example has none.</summary>
    /// <remarks>Its text is decoded from its tokens, as a rollout's is: rewards read both the same way.</remarks>
    /// <exception cref="InvalidDataException">The label has no tokens; the message names the example.</exception>
    public Completion? Demonstration(VisionExample example)
    {
        if (Guard.NotNull(example).Target is not { } target) return null;
        var tokens = _encoder.EncodeAnswer((example.LabelFormat ?? _format).Write(target));
        return tokens.Count > 0
            ? new Completion(tokens, _encoder.Decode(tokens), FinishReason.Stop, CompletionSource.Demonstration)
            : throw new InvalidDataException(
                $"Expected tokens for the label of example '{example.Id}', got none. EncodeAnswer must at least end with the end-of-turn token.");
    }

    /// <summary>The group with the label appended; the same group when the example has no label.</summary>
    public RolloutGroup Inject(RolloutGroup group)
        => Demonstration(Guard.NotNull(group).Example) is { } label
            ? group with { Completions = [.. group.Completions, label] }
            : group;
}
