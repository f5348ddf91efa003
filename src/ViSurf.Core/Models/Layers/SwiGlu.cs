using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>down(silu(gate(x)) · up(x)); with biases in the vision tower, without in the decoder.</summary>
internal sealed class SwiGlu : nn.Module<Tensor, Tensor>
{
    private readonly Dense _gate, _up, _down;

    public SwiGlu(long size, long inner, bool bias, ScalarType type, Device device)
        : base(nameof(SwiGlu))
    {
        var pair = Dense.Joined(size, [inner, inner], bias, type, device);
        register_module("gate_proj", _gate = pair[0]);
        register_module("up_proj", _up = pair[1]);
        register_module("down_proj", _down = new Dense(inner, size, bias, type, device));
    }

    public Dense Gate => _gate;

    public Dense Up => _up;

    public Dense Down => _down;

    public override Tensor forward(Tensor x) => Forward(x, decoding: false);

    /// <summary>The same; see <see cref="Dense.Forward"/>.</summary>
    public Tensor Forward(Tensor x, bool decoding)
    {
        using var scope = NewDisposeScope();
        var both = Dense.ForwardEach(x, decoding, _gate, _up);
        return _down.Forward(Gated.Of(both[0], both[1]), decoding).MoveToOuterDisposeScope();
    }
}
