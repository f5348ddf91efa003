using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Pictures and prompts run once per group: what scoring and decoding continue from. Has a gradient when the caller's grad mode is
/// on. Owns its tensors.
/// </summary>
internal sealed class PromptPass : IDisposable
{
    private PromptPass(PromptMemory memory, Tensor last, Tensor mask, Tensor next)
        => (Memory, Last, Mask, Next) = (memory, last, mask, next);

    /// <summary>Every layer's keys and values, one row per prompt.</summary>
    public PromptMemory Memory { get; }

    /// <summary>[Q, H]: hidden state of each prompt's last token, which predicts the first completion token.</summary>
    public Tensor Last { get; }

    /// <summary>bool [Q, P] on the policy's device.</summary>
    public Tensor Mask { get; }

    /// <summary>int64 [Q]: position of the first completion token.</summary>
    public Tensor Next { get; }

    public static PromptPass Run(QwenVlModule module, PromptBatch prompts)
    {
        using var scope = NewDisposeScope();
        var (device, count, width) = (module.Device, prompts.Count, (int)prompts.TokenIds.shape[1]);
        var (positions, next) = Positions(prompts, module.Config, width);
        var mask = prompts.Mask.to(device);

        // A query sees itself and earlier tokens of its prompt; padding sees only itself, so that its softmax is defined.
        var causal = ones([width, width], ScalarType.Bool, device).tril();
        var visible = mask.unsqueeze(1).logical_and(causal).logical_or(eye(width, dtype: ScalarType.Bool, device: device)).unsqueeze(1);

        var memory = new PromptMemory();
        try
        {
            var (embedded, additions) = Embed(module, prompts);
            var hidden = module.Decoder.Forward(embedded, positions.to(device), visible, memory, additions);
            // Padded on the left: the last column is every prompt's last token.
            return new PromptPass(memory, hidden.select(1, width - 1).DetachFromDisposeScope(),
                mask.alias().DetachFromDisposeScope(), next.to(device).DetachFromDisposeScope());
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Memory.Dispose();
        Last.Dispose();
        Mask.Dispose();
        Next.Dispose();
    }

    private static (Tensor Embedded, HiddenAdditions? Additions) Embed(QwenVlModule module, PromptBatch prompts)
    {
        var embedded = module.Decoder.Embed(prompts.TokenIds.to(module.Device));
        if (prompts.Pixels is null || module.Visual is null) return (embedded, null);
        var grids = prompts.Prompts.SelectMany(p => p.Grids).ToArray();
        var features = module.Visual.Forward(prompts.Pixels, grids);
        var places = Placeholders(prompts, module.Config.ImageTokenId);
        if (places.Length != features.Tokens.shape[0])
            throw new InvalidDataException($"Expected {features.Tokens.shape[0]} image placeholders in a batch of {prompts.Count} prompts, got {places.Length}.");
        var index = tensor(places).to(module.Device);
        var flat = embedded.view(-1, embedded.shape[2]);
        return (flat.index_copy(0, index, features.Tokens).view_as(embedded), features.Deepstack.Count == 0 ? null : new HiddenAdditions(index, features.Deepstack));
    }

    private static long[] Placeholders(PromptBatch prompts, int imageToken)
    {
        var width = (int)prompts.TokenIds.shape[1];
        return prompts.Prompts.SelectMany((prompt, q) => prompt.TokenIds
            .Select((id, i) => (id, Place: (long)(q + 1) * width - prompt.TokenIds.Count + i))
            .Where(x => x.id == imageToken).Select(x => x.Place)).ToArray();
    }

    private static (Tensor Positions, Tensor Next) Positions(PromptBatch prompts, QwenVlConfig config, int width)
    {
        var count = prompts.Count;
        var (all, next) = (new long[3 * count * width], new long[count]);
        // Padding stands at position 1, as in the reference; nothing looks at it.
        Array.Fill(all, 1);
        for (var q = 0; q < count; q++)
        {
            var index = RopeIndex.Of(prompts.Prompts[q], config);
            var start = (q + 1) * width - index.Time.Length;
            index.Time.CopyTo(all, start);
            index.Height.CopyTo(all, count * width + start);
            index.Width.CopyTo(all, 2 * count * width + start);
            next[q] = index.Next;
        }
        return (tensor(all, [3, count, width]), tensor(next));
    }
}
