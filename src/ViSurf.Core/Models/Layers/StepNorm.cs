using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// An <see cref="RmsNorm"/> in the two launches that decoding can afford: the fused operator, and one rounding to the weight's dtype. Keeps
/// a float32 copy of the weight, so the weight's numbers must not change while this is in use. Owns that copy.
/// </summary>
internal sealed class StepNorm(RmsNorm norm) : IDisposable
{
    private Parameter? _source;
    private Tensor? _weight;

    /// <summary>The float32 copy (float64 of float64).</summary>
    public Tensor Weight
    {
        get
        {
            // A stand-in may have taken the parameter's place since.
            if (_weight is not null && ReferenceEquals(_source, norm.weight)) return _weight;
            _weight?.Dispose();
            _source = norm.weight;
            return _weight = norm.weight.detach().Wide().DetachFromDisposeScope();
        }
    }

    /// <summary>x / rms(x) · w, rounded once.</summary>
    /// <param name="x">The residual stream, [R, H] in float32 (float64 of a float64 model).</param>
    public Tensor Of(Tensor x)
    {
        using var scope = NewDisposeScope();
        return FusedRmsNorm.Of(x, Weight, norm.Epsilon).Normed.to_type(norm.weight.dtype).MoveToOuterDisposeScope();
    }

    public void Dispose() => _weight?.Dispose();
}
