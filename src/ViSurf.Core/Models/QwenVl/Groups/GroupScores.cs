using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Scores completions: one packed pass, and only states that predict a completion token reach the head.</summary>
internal static class GroupScores
{
    public static TokenScores Of(QwenVlModule module, SequenceBatch batch)
    {
        using var scope = NewDisposeScope();
        var layout = GroupLayout.Of(batch, module.Config);
        using var attention = new GroupAttention(layout, module.Decoder.Embedding.dtype, module.Device);
        var hidden = GroupPass.Run(module, layout, batch.Prompts, attention);
        var states = hidden.index_select(0, tensor(layout.Predictors).to(module.Device));
        var targets = tensor(layout.Targets).to(module.Device);
        var (chosen, entropy) = SelectiveLogSoftmax.OfHidden(states, module.Head, module.Config.Text.VocabularySize, targets, batch.Temperature, batch.WithEntropy);

        var places = tensor(layout.Places).to(module.Device);
        var (rows, width) = (batch.CompletionIds.shape[0], batch.CompletionIds.shape[1]);
        Tensor Spread(Tensor values) => zeros([rows * width], values.dtype, values.device).index_copy(0, places, values).view(rows, width).DetachFromDisposeScope();
        return new TokenScores(Spread(chosen), entropy is null ? null : Spread(entropy));
    }
}
