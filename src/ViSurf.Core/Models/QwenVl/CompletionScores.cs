using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Hidden states to scores: only valid tokens reach the head.</summary>
internal static class CompletionScores
{
    /// <param name="hidden">[N, T, H].</param>
    /// <param name="head">[M, H] to logits [M, V].</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="batch">The completions.</param>
    public static TokenScores Of(Tensor hidden, Func<Tensor, Tensor> head, int vocabulary, SequenceBatch batch)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (hidden.shape[0], hidden.shape[1]);
        // The batch lies on the CPU, so finding its valid tokens costs no device synchronisation.
        var valid = batch.CompletionMask.reshape(-1).nonzero().squeeze(1);
        var ids = batch.CompletionIds.reshape(-1).index_select(0, valid).to(hidden.device);
        var places = valid.to(hidden.device);
        var states = hidden.reshape(rows * length, -1).index_select(0, places);
        var (chosen, entropy) = SelectiveLogSoftmax.OfHidden(states, head, vocabulary, ids, batch.Temperature, batch.WithEntropy);
        Tensor Spread(Tensor values) => zeros([rows * length], values.dtype, values.device).index_copy(0, places, values).view(rows, length).DetachFromDisposeScope();
        return new TokenScores(Spread(chosen), entropy is null ? null : Spread(entropy));
    }
}
