using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Scores completions: one packed pass, and only states that predict a completion token reach the head.</summary>
internal static class GroupScores
{
    /// <summary>
    /// Logits beyond which the head is recomputed whatever the option, where autograd would record it and libtorch can: 512 MiB in float32,
    /// of which autograd would keep two.
    /// </summary>
    internal const long KeptLogits = 1L << 27;

    /// <param name="module">The model.</param>
    /// <param name="batch">Prompts and completions.</param>
    /// <param name="recompute">See <see cref="QwenVlOptions.RecomputeLayers"/>.</param>
    public static TokenScores Of(QwenVlModule module, SequenceBatch batch, bool recompute)
    {
        var layout = GroupLayout.Of(batch, module.Config);
        var large = (long)layout.Targets.Length * module.Config.Text.VocabularySize > KeptLogits && CustomAutograd.IsSupported;
        var (layers, head) = (new Recomputation(recompute), new Recomputation(recompute || large));
        TokenScores? scores = null;
        try
        {
            scores = Of(module, batch, layout, layers, head);
            if (is_grad_enabled()) HostHeap.GiveBack(module.Device, (long)layout.Tokens.Length * module.Config.Text.HiddenSize);
            return scores;
        }
        finally
        {
            foreach (var pass in new[] { layers, head })
            {
                // An active one is needed once more, in the backward pass.
                if (scores is not null && pass.IsActive) scores.Owns(pass);
                else pass.Dispose();
            }
        }
    }

    private static TokenScores Of(QwenVlModule module, SequenceBatch batch, GroupLayout layout, Recomputation layers, Recomputation head)
    {
        using var scope = NewDisposeScope();
        var attention = layers.Keep(new GroupAttention(
            layout, module.Decoder.Embedding.dtype, module.Device, lowerRight: module.LowerRight));
        var hidden = GroupPass.Run(module, layout, batch.Prompts, attention, layers, layout.Asked);
        var states = hidden.index_select(0, tensor(layout.Predictors, device: module.Device));
        var targets = tensor(layout.Targets, device: module.Device);
        var (chosen, entropy) = (module.PlainHead, module.IsFused) switch
        {
            ({ } weight, false) when HeadScores.Takes(states, weight) => new HeadScores(weight, batch.Temperature).Of(states, targets),
            ({ requires_grad: false } weight, true) when states.requires_grad
                => FrozenHead.Scores(states, weight, targets, batch.Temperature, batch.WithEntropy),
            _ => SelectiveLogSoftmax.OfHidden(
                states, hidden => module.Head(hidden), module.Config.Text.VocabularySize, targets, batch.Temperature, batch.WithEntropy,
                head, module.FirstTrained),
        };

        var places = tensor(layout.Places, device: module.Device);
        var (rows, width) = (batch.CompletionIds.shape[0], batch.CompletionIds.shape[1]);
        Tensor Spread(Tensor values) => zeros([rows * width], values.dtype, values.device).index_copy(0, places, values).view(rows, width).DetachFromDisposeScope();
        return new TokenScores(Spread(chosen), batch.WithEntropy ? Spread(entropy!) : null);
    }
}
