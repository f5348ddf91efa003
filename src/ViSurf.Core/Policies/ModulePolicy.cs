using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>Makes any TorchSharp module that maps token ids to logits a policy.</summary>
/// <remarks>
/// The one place that shifts by one: the logits at position s speak about the token at s + 1. Written for models of one's own and for
/// tests: prompts are repeated per completion and decoding runs the whole sequence again for every token, so its cost grows with the
/// square of the length. A model with a cache implements <see cref="IPolicy"/> itself.
/// </remarks>
public sealed class ModulePolicy : IPolicy
{
    private readonly Func<SequenceInput, Tensor> _logits;

    /// <summary>A text-only module.</summary>
    /// <param name="module">Maps ids int64 [N, S] and mask bool [N, S] (false where padded) to logits [N, S, V]; causal. Stays the caller's.</param>
    public ModulePolicy(nn.Module<Tensor, Tensor, Tensor> module)
        : this(Guard.NotNull(module), input => module.call(input.TokenIds, input.Mask))
    {
    }

    /// <summary>A module with any signature, for instance one that reads pictures.</summary>
    /// <param name="module">Owns the parameters. Stays the caller's.</param>
    /// <param name="logits">Runs the module: sequences in, logits [N, S, V] out; causal.</param>
    public ModulePolicy(nn.Module module, Func<SequenceInput, Tensor> logits)
    {
        Module = Guard.NotNull(module);
        _logits = Guard.NotNull(logits);
    }

    /// <inheritdoc/>
    public nn.Module Module { get; }

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch)
    {
        Guard.NotNull(batch);
        using var scope = NewDisposeScope();
        var device = Device();
        var completions = batch.CompletionIds.to(device);
        var mask = batch.CompletionMask.to(device);
        var promptIndex = batch.PromptIndex.to(device);
        var ids = cat([batch.Prompts.TokenIds.to(device).index_select(0, promptIndex), completions], 1);
        var valid = cat([batch.Prompts.Mask.to(device).index_select(0, promptIndex), mask], 1);
        var logits = Run(new SequenceInput(ids, valid, batch.Prompts, promptIndex));

        // The token in column t of the completion is predicted one position earlier, from the prompt's last token on.
        var shifted = logits.narrow(1, batch.Prompts.TokenIds.shape[1] - 1, completions.shape[1]);
        var (logProbs, entropy) = SelectiveLogSoftmax.OfLogits(shifted[mask], completions[mask], batch.Temperature, batch.WithEntropy);
        return new TokenScores(Spread(logProbs, mask), entropy is null ? null : Spread(entropy, mask));
    }

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        Guard.NotNull(prompts);
        Guard.Positive(copies);
        Guard.Positive(maxNewTokens);
        var session = new ModuleDecodeSession(copies, Device(), Run);
        session.Admit(prompts);
        return session;
    }

    private Tensor Run(SequenceInput input)
    {
        var logits = _logits(input);
        return TensorGuard.Shape(logits, null, [input.TokenIds.shape[0], input.TokenIds.shape[1], -1]);
    }

    private Device Device()
    {
        var first = Module.parameters().FirstOrDefault();
        return first is null ? CPU
            : first.IsInvalid ? throw new ObjectDisposedException(Module.GetName(), "The policy's module has been disposed.")
            : first.device;
    }

    private static Tensor Spread(Tensor values, Tensor mask)
        => zeros(mask.shape, values.dtype, values.device).masked_scatter(mask, values).DetachFromDisposeScope();
}
