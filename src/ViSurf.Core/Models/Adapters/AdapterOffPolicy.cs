using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// A reference policy without weights of its own: the policy under an adapter, asked with the adapter off and without gradient, whatever
/// the caller's grad mode. <see cref="LoraAdapter.Reference"/> is one.
/// </summary>
/// <param name="inner">The policy that the adapter is on; stays the caller's.</param>
/// <param name="adapter">The adapter; stays the caller's.</param>
public sealed class AdapterOffPolicy(IPolicy inner, LoraAdapter adapter) : IPolicy, IWrapper
{
    private readonly FrozenPolicy _inner = new(inner);
    private readonly LoraAdapter _adapter = Guard.NotNull(adapter);

    IEnumerable<object> IWrapper.Inner => [_inner];

    /// <inheritdoc/>
    public nn.Module Module => _inner.Module;

    /// <inheritdoc/>
    public int? VocabularySize => ((IPolicy)_inner).VocabularySize;

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch)
    {
        using var off = _adapter.Disable();
        return _inner.Score(batch);
    }

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        using var off = _adapter.Disable();
        return new Session(_inner.Decode(prompts, copies, maxNewTokens), _adapter);
    }

    /// <summary>Off during each call and on between them: whoever decodes may score with the adapter in the meantime.</summary>
    private sealed class Session(IDecodeSession inner, LoraAdapter adapter) : IDecodeSession
    {
        public Tensor Next(Tensor? tokens)
        {
            using var off = adapter.Disable();
            return inner.Next(tokens);
        }

        public void Keep(ReadOnlySpan<int> rows) => inner.Keep(rows);

        public void Admit(PromptBatch prompts)
        {
            using var off = adapter.Disable();
            inner.Admit(prompts);
        }

        public void Dispose() => inner.Dispose();
    }
}
