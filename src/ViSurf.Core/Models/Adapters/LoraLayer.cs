using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// A and B of one linear layer, registered below it as <c>lora_A</c> and <c>lora_B</c>, so that optimizers find them. Half-precision
/// layers get float32 factors, as in PEFT: they are what trains, and small; the products run in the layer's own dtype.
/// </summary>
internal sealed class LoraLayer : IDisposable, ILowRank
{
    private const string A = "lora_A", B = "lora_B";
    private readonly nn.Module _linear;
    private readonly WeightOnly _a, _b;
    private readonly double _scaling, _dropout;
    private readonly AdapterSwitch _switch;
    private readonly Action _unhook;

    public LoraLayer(ModulePath path, LoraConfig config, AdapterSwitch onOff)
    {
        (Path, _linear, _switch, _scaling, _dropout) = (path, path.Module, onOff, config.ScalingOf(path), config.Dropout);
        var rank = config.RankOf(path);
        using var scope = NewDisposeScope();
        var type = Weight.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? ScalarType.Float32 : Weight.dtype;
        _a = new WeightOnly([rank, Weight.shape[1]], type, Weight.device);
        _b = new WeightOnly([Weight.shape[0], rank], type, Weight.device);
        foreach (var factor in new[] { _a, _b })
        {
            factor.weight.DetachFromDisposeScope();
            // Follows train() and eval() of the policy from here on; a policy just loaded says train although nobody asked for dropout.
            factor.eval();
        }
        _linear.register_module(A, _a);
        _linear.register_module(B, _b);
        _unhook = Hook();
    }

    public ModulePath Path { get; }

    public Parameter Down => _a.weight;

    public Parameter Up => _b.weight;

    public double Scaling => _scaling;

    public bool IsOn => _switch.On;

    public bool IsMore => _dropout > 0 && _a.training;

    private Parameter Weight => _linear is Dense dense ? dense.weight : ((Linear)_linear).weight;

    public static bool IsLinear(nn.Module module) => module is Dense or Linear;

    public static bool IsAttached(nn.Module module) => module.named_children().Any(c => c.name == A);

    /// <summary>A uniform in ±1/√in, which is kaiming-uniform with a = √5; B zero: the adapter starts as no change.</summary>
    public void Initialize(DeviceRandom random)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var bound = 1 / Math.Sqrt(Down.shape[1]);
        // On the CPU in float32, so that a seed means the same on every device.
        Down.copy_(random.Uniform(Down.shape, ScalarType.Float32).Times(2 * bound).Plus(-bound));
        Up.zero_();
    }

    /// <summary>W ± s·B·A in place, computed in the factors' precision.</summary>
    public void AddToWeight(double sign)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var delta = Up.matmul(Down).Times(sign * _scaling);
        Weight.copy_(Weight.to_type(delta.dtype).Plus(delta));
    }

    public void Dispose()
    {
        _unhook();
        _linear.register_module(A, null!);
        _linear.register_module(B, null!);
        _a.Dispose();
        _b.Dispose();
    }

    private Tensor Apply(Tensor x, Tensor y)
    {
        if (!_switch.On) return y;
        using var scope = NewDisposeScope();
        var input = IsMore ? nn.functional.dropout(x, _dropout) : x;
        // Scaled where it is narrow: [.., r] instead of [.., out].
        var low = nn.functional.linear(input, Down.to_type(x.dtype)).Times(_scaling);
        return y.Plus(nn.functional.linear(low, Up.to_type(x.dtype))).MoveToOuterDisposeScope();
    }

    private Action Hook()
    {
        if (_linear is Dense dense)
        {
            (dense.Adapter, dense.LowRank) = (Apply, this);
            return () => (dense.Adapter, dense.LowRank) = (null, null);
        }
        // A Linear of the user's own module; hooks run when it is called, as TorchSharp's documentation asks.
        var hook = ((Linear)_linear).register_forward_hook((_, x, y) => Apply(x, y));
        return hook.remove;
    }
}
