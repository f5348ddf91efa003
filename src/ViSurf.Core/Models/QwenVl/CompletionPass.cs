using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Completions that continue prompts: the hidden state that predicts each completion token.</summary>
internal static class CompletionPass
{
    /// <summary>Runs completion tokens 0 … T−2 after their prompts.</summary>
    /// <returns>[N, T, H]; column t predicts token t (column 0 is the prompt's last hidden state).</returns>
    public static Tensor Run(QwenVlModule module, PromptPass prompts, SequenceBatch batch)
    {
        using var scope = NewDisposeScope();
        var device = module.Device;
        var index = batch.PromptIndex.to(device);
        var first = prompts.Last.index_select(0, index).unsqueeze(1);
        var length = batch.CompletionIds.shape[1] - 1;
        if (length == 0) return first.MoveToOuterDisposeScope();

        var ids = batch.CompletionIds.narrow(1, 0, length).to(device);
        var embedded = module.Decoder.Embed(ids);
        var positions = prompts.Next.index_select(0, index).unsqueeze(1).Plus(ScalarOps.Range(length, device)).expand(3, -1, -1);

        // Padding on the right comes after every valid token, so the causal mask alone hides it.
        var causal = ones([length, length], ScalarType.Bool, device).tril().expand(ids.shape[0], -1, -1);
        var prompt = prompts.Mask.index_select(0, index).unsqueeze(1).expand(-1, length, -1);
        var hidden = module.Decoder.Forward(embedded, positions, cat([prompt, causal], 2).unsqueeze(1), new ContinuationMemory(prompts.Memory, index));
        return cat([first, hidden], 1).MoveToOuterDisposeScope();
    }
}
