using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>A model that scores completions with gradient and continues prompts token by token.</summary>
public interface IPolicy
{
    /// <summary>Owns the parameters; its parameters' device is the policy's device.</summary>
    nn.Module Module { get; }

    /// <summary>How it lays out what it scores; micro-batches are counted accordingly.</summary>
    /// <value>Padded, unless a policy says otherwise: never more than the budget then.</value>
    SequenceLayout Layout => SequenceLayout.Padded;

    /// <summary>How many tokens it knows, the width of its logits: ids are below it.</summary>
    /// <value>null, unless a policy says otherwise: not known before it runs.</value>
    int? VocabularySize => null;

    /// <summary>What it keeps in memory as it is now, so that a trainer can say before the first step whether that will fit.</summary>
    /// <value>null, unless a policy says otherwise: not known, and nothing is said.</value>
    IMemoryModel? Memory => null;

    /// <summary>
    /// Log-probability of every completion token given its prompt and the tokens before it, logits divided by
    /// <see cref="SequenceBatch.Temperature"/>. Differentiable when the caller's grad mode is on; exactly 0 where masked; never
    /// changes train or eval mode. Position ids are the policy's own business.
    /// </summary>
    /// <returns>Tensors on the policy's device; ownership goes to the caller.</returns>
    TokenScores Score(SequenceBatch batch);

    /// <summary>Runs the prompts once and opens a session over R = Q × <paramref name="copies"/> rows, prompt-major.</summary>
    /// <param name="prompts">Must outlive the session.</param>
    /// <param name="copies">Rows per prompt, at least 1.</param>
    /// <param name="maxNewTokens">Most tokens a row is given by <see cref="IDecodeSession.Next"/>.</param>
    IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens);
}

/// <summary>
/// Step-by-step decoding with a cache. Used under <c>no_grad</c>, on one thread. What it caches is of the weights as they are: after an
/// update open another one.
/// </summary>
public interface IDecodeSession : IDisposable
{
    /// <summary>
    /// Logits of the next token of every live row: raw (temperature 1), float32 [R, V], owned by the caller. Rows that have entered since
    /// the last call come after those that were there.
    /// </summary>
    /// <param name="tokens">
    /// int64 [R] on any device: the token just chosen for every row that the last call returned and <see cref="Keep"/> left; null when
    /// there is none, as on the first call.
    /// </param>
    Tensor Next(Tensor? tokens);

    /// <summary>Drops rows that are finished; the rest keep their order.</summary>
    /// <param name="rows">Ascending indices, into what the last <see cref="Next"/> returned, of the rows to keep; none when all are finished.</param>
    void Keep(ReadOnlySpan<int> rows);

    /// <summary>Lets waiting prompts enter, with as many rows each as the session was opened with, from the next call of <see cref="Next"/> on.</summary>
    /// <param name="prompts">Must outlive the session.</param>
    void Admit(PromptBatch prompts);
}
