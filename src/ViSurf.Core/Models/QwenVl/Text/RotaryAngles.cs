using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>
/// Positions to angles. What that takes is on the decoder's device once and for all: made at every token, the host would wait for it.
/// Owns its tensors.
/// </summary>
internal sealed class RotaryAngles : IDisposable
{
    private readonly Tensor _frequencies, _rows;

    /// <param name="config">For the frequencies.</param>
    /// <param name="rows">Which of the three positions each frequency reads; see <see cref="RopeRows"/>.</param>
    /// <param name="device">Of the positions.</param>
    public RotaryAngles(QwenTextConfig config, long[] rows, Device device)
    {
        using var scope = NewDisposeScope();
        var frequencies = tensor(Rotary.InverseFrequencies(config.HeadSize, config.RopeTheta), device: CPU);
        if (config.RoundedRopeFrequencies) frequencies = frequencies.to_type(ScalarType.BFloat16).to_type(ScalarType.Float32);
        _frequencies = frequencies.to(device).DetachFromDisposeScope();
        _rows = tensor(rows, device: CPU).to(device).DetachFromDisposeScope();
    }

    /// <summary>float32 [M, d/2]. Frequency i reads the time, height or width index.</summary>
    /// <param name="positions">int64 [3, M].</param>
    public Tensor Of(Tensor positions)
    {
        using var scope = NewDisposeScope();
        return (positions.index_select(0, _rows).t().to_type(ScalarType.Float32) * _frequencies).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _frequencies.Dispose();
        _rows.Dispose();
    }
}
