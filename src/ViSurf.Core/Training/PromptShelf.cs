using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>The encoded prompts of a step, each example encoded once, when it is first asked for. Owns them.</summary>
/// <param name="encoder">Text and pictures to tokens.</param>
/// <param name="maxPromptTokens">See <see cref="TrainerOptions.MaxPromptTokens"/>.</param>
public sealed class PromptShelf(IPromptEncoder encoder, int maxPromptTokens = int.MaxValue) : IDisposable
{
    private readonly IPromptEncoder _encoder = Guard.NotNull(encoder);
    private readonly Dictionary<VisionExample, EncodedPrompt> _prompts = new(ReferenceEqualityComparer.Instance);
    private bool _disposed;

    /// <summary>One prompt per example, in order. They stay the shelf's.</summary>
    /// <exception cref="InvalidDataException">A prompt is longer than the limit; names the example.</exception>
    public IReadOnlyList<EncodedPrompt> Of(IReadOnlyList<VisionExample> examples)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var missing = Guard.NotNull(examples).Where(example => !_prompts.ContainsKey(example)).Distinct(ReferenceEqualityComparer.Instance).Cast<VisionExample>().ToArray();
        foreach (var (example, prompt) in missing.Zip(Prompts.Encode(_encoder, missing, maxPromptTokens))) _prompts.Add(example, prompt);
        return examples.Select(example => _prompts[example]).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var prompt in _prompts.Values) prompt.Dispose();
        _prompts.Clear();
    }
}
