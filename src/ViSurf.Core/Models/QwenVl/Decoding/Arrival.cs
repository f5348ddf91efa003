using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Groups;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>Prompts that have been read and wait for the next step. Owns its tensors.</summary>
internal sealed class Arrival : IDisposable
{
    private PrefixCache? _prefix;

    private Arrival(PrefixCache prefix, int copies, long furthest, (Tensor Last, Tensor Positions) rows)
        => (_prefix, Copies, Furthest, (Last, Positions)) = (prefix, copies, furthest, rows);

    /// <summary>Rows per prompt.</summary>
    public int Copies { get; }

    /// <summary>Rows of all prompts.</summary>
    public int Rows => Prefix.Lengths.Count * Copies;

    /// <summary>The largest of <see cref="Positions"/>.</summary>
    public long Furthest { get; }

    /// <summary>Their keys and values.</summary>
    public PrefixCache Prefix => _prefix ?? throw new ObjectDisposedException(nameof(Prefix));

    /// <summary>[R, H]: what predicts the first token of each row.</summary>
    public Tensor Last { get; }

    /// <summary>int64 [R]: position of each row's first token.</summary>
    public Tensor Positions { get; }

    /// <summary>Runs pictures and prompts, each once.</summary>
    public static Arrival Of(QwenVlModule module, PromptBatch prompts, int copies)
    {
        using var scope = NewDisposeScope();
        var layout = GroupLayout.Of(prompts.Prompts, module.Config);
        var prefix = new PrefixCache(layout.Prompts);
        try
        {
            using var plain = new Recomputation(active: false);
            using var attention = new GroupAttention(layout, module.Decoder.Embedding.dtype, module.Device, (_, keys, values) => prefix.Fill(keys, values));
            var ends = GroupPass.Run(module, layout, prompts, attention, plain, layout.Asked);
            var next = tensor(layout.Next.ToArray(), device: module.Device).repeat_interleave(copies);
            return new Arrival(
                prefix, copies, layout.Next.Max(),
                (ends.repeat_interleave(copies, 0).DetachFromDisposeScope(), next.DetachFromDisposeScope()));
        }
        catch
        {
            prefix.Dispose();
            throw;
        }
    }

    /// <summary>Hands the keys and values over: they are not disposed with this any more.</summary>
    public PrefixCache TakePrefix()
    {
        var taken = Prefix;
        _prefix = null;
        return taken;
    }

    public void Dispose()
    {
        _prefix?.Dispose();
        Last.Dispose();
        Positions.Dispose();
    }
}
