using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// What rows may not see, as a bias of their scores: the padding of shorter prompts, and columns that were written before a row entered.
/// Made on the host when rows enter or leave; a step writes one column of it, on the device. Owns its tensor.
/// </summary>
internal sealed class RowMask : IDisposable
{
    /// <summary>Fused attention takes rows of a mask that begin at multiples of 16 as they are, and copies others.</summary>
    private const int Alignment = 16;
    private readonly Tensor _bias;
    private readonly int _longest;

    private RowMask(Tensor bias, int longest) => (_bias, _longest) = (bias, longest);

    /// <summary>The mask of some rows; null when every row sees everything, and will until rows enter or leave.</summary>
    /// <param name="lengths">Prompt tokens of each row.</param>
    /// <param name="longest">Columns of the prompts.</param>
    /// <param name="ring">Own columns.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    public static RowMask? Of(int[] lengths, int longest, RingColumns ring, ScalarType type, Device device)
    {
        if (lengths.All(n => n == longest) && ring.Ages.All(age => age == ring.Used)) return null;
        var width = (longest + ring.Limit + Alignment - 1) / Alignment * Alignment;
        var bias = new float[lengths.Length * width];
        Array.Fill(bias, float.NegativeInfinity);
        for (var row = 0; row < lengths.Length; row++)
        {
            Array.Clear(bias, row * width, lengths[row]);
            for (var back = 0; back < ring.Ages[row]; back++) bias[row * width + longest + ring.Before(back)] = 0;
        }
        using var scope = NewDisposeScope();
        return new RowMask(tensor(bias, [lengths.Length, 1, 1, width], device: CPU).to(type).to(device).DetachFromDisposeScope(), longest);
    }

    /// <summary>A step writes a column of every row, which each row then sees.</summary>
    public void Show(int column)
    {
        using var scope = NewDisposeScope();
        _bias.narrow(3, _longest + column, 1).zero_();
    }

    /// <summary>0 or −∞, [R, 1, 1, prompt columns + used].</summary>
    /// <param name="used">Own columns that hold something.</param>
    public Tensor Of(int used) => _bias.narrow(3, 0, _longest + used);

    public void Dispose() => _bias.Dispose();
}
