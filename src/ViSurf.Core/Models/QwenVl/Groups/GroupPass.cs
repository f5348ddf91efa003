using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Pictures, prompts and completions through the model, each once: packed rows in, hidden states out.</summary>
internal static class GroupPass
{
    /// <summary>Runs every row of a layout. Has a gradient when the caller's grad mode is on.</summary>
    /// <param name="module">The model.</param>
    /// <param name="layout">The rows of <paramref name="prompts"/> and their completions.</param>
    /// <param name="prompts">For their pictures.</param>
    /// <param name="attention">Of the same layout.</param>
    /// <param name="recomputation">Runs the layers; see <see cref="QwenVlOptions.RecomputeLayers"/>.</param>
    /// <param name="rows">Rows that are asked for, such as <see cref="GroupLayout.Asked"/>; null for all.</param>
    /// <returns>[M, H], or only what is asked for; after the final norm.</returns>
    public static Tensor Run(
        QwenVlModule module, GroupLayout layout, PromptBatch prompts, IAttention attention, Recomputation recomputation, long[]? rows = null)
    {
        using var scope = NewDisposeScope();
        var tokens = layout.Tokens;
        var (embedded, additions) = Embed(module, tokens, layout.ImageRows, prompts, recomputation);
        var positions = tensor(layout.Positions, [3, tokens.Length], device: module.Device);
        var asked = rows is null ? null : tensor(rows, device: module.Device);
        return module.Decoder.Forward(embedded, positions, attention, additions, recomputation, asked).MoveToOuterDisposeScope();
    }

    private static (Tensor Embedded, HiddenAdditions? Additions) Embed(QwenVlModule module, long[] tokens, long[] images, PromptBatch prompts, Recomputation recomputation)
    {
        var embedded = module.Decoder.Embed(tensor(tokens, device: module.Device));
        if (prompts.Pixels is null || module.Visual is null) return (embedded, null);
        var features = PictureFeatures.Of(module.Visual, prompts, recomputation);
        if (images.Length != features.Tokens.shape[0])
            throw new InvalidDataException($"Expected {features.Tokens.shape[0]} image placeholders in a batch of {prompts.Count} prompts, got {images.Length}.");
        var index = tensor(images, device: module.Device);
        return (embedded.index_copy(0, index, features.Tokens), features.Deepstack.Count == 0 ? null : new HiddenAdditions(index, features.Deepstack));
    }
}
