using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>A reference policy: scores without gradient, whatever the caller's grad mode.</summary>
/// <remarks>
/// It does not copy weights: give it a policy that nothing trains (a second load of the checkpoint), or one whose weights are meant to
/// move along. Parameters keep their <c>requires_grad</c>, because they may be shared.
/// </remarks>
/// <param name="inner">The policy to ask; stays the caller's.</param>
public sealed class FrozenPolicy(IPolicy inner) : IPolicy, IWrapper
{
    private readonly IPolicy _inner = Guard.NotNull(inner);

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    public nn.Module Module => _inner.Module;

    /// <inheritdoc/>
    public int? VocabularySize => ((IPolicy)_inner).VocabularySize;

    /// <inheritdoc/>
    public SequenceLayout Layout => _inner.Layout;

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch)
    {
        using var grad = no_grad();
        return _inner.Score(batch);
    }

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        using var grad = no_grad();
        return _inner.Decode(prompts, copies, maxNewTokens);
    }
}
