using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// The arithmetic of one update in libtorch's fused operator: one pass over weights, gradients and moments of any number of tensors, where
/// the plain way makes eight for each. The same formula, rounded elsewhere. For one step. Owns what it makes, not what it is given.
/// </summary>
/// <remarks>
/// <see href="https://github.com/pytorch/pytorch/blob/v2.10.0/aten/src/ATen/native/cuda/fused_adamw_impl.cu">aten::_fused_adamw_</see>. It
/// divides gradients by its grad_scale and writes them back. What it is told of lists are numbers, so tensors of different decay
/// or count of updates are different calls.
/// </remarks>
internal sealed class FusedAdamW(AdamWOptions options, double rate, double scale) : IDisposable
{
    private static readonly AtenOperator Operator = new("_fused_adamw_", "",
        "_ZN2at4_ops13_fused_adamw_4callEN3c108ArrayRefINS_6TensorEEES5_S5_S5_S5_S5_dddddbbRKSt8optionalIS4_ES9_");

    // Devices by their names: every tensor has an object of its own for its device.
    private readonly Dictionary<(long Updates, double Decay, string Device), List<AdamWTensors>> _groups = [];
    private readonly Dictionary<(double Value, string Device), Tensor> _scalars = [];

    /// <summary>Whether the libtorch that runs has the operator, and what <see cref="StochasticRounding.Into"/> needs.</summary>
    public static bool IsAvailable => Operator.IsAvailable && TensorBits.IsAvailable;

    /// <summary>Whether it can update these where they are: all float32 and contiguous.</summary>
    public static bool Takes(AdamWTensors tensors) => tensors.All.All(t => t.dtype == ScalarType.Float32 && t.is_contiguous());

    /// <summary>Keeps tensors for the one call of <see cref="Run"/>.</summary>
    /// <param name="tensors">Which <see cref="Takes"/>.</param>
    /// <param name="updates">Of these, this one included.</param>
    /// <param name="decay">Weight decay.</param>
    public void Add(AdamWTensors tensors, long updates, double decay)
    {
        var key = (updates, decay, tensors.Weight.device.ToString());
        if (!_groups.TryGetValue(key, out var group)) _groups.Add(key, group = []);
        group.Add(tensors);
    }

    /// <summary>Updates all that were added.</summary>
    public void Run()
    {
        foreach (var ((updates, decay, _), group) in _groups) Update(group, updates, decay);
        _groups.Clear();
    }

    /// <summary>Updates tensors of one device at once.</summary>
    /// <inheritdoc cref="Add"/>
    public void Update(IReadOnlyList<AdamWTensors> tensors, long updates, double decay)
    {
        var device = tensors[0].Weight.device;
        var count = Scalar(updates, device);
        Operator.CallInPlace(
            List(t => t.Weight), List(t => t.Gradient), List(t => t.Mean), List(t => t.Square),
            AtenArgument.Of(Array.Empty<Tensor>()), List(_ => count),
            AtenArgument.Of(rate), AtenArgument.Of(options.Beta1), AtenArgument.Of(options.Beta2),
            AtenArgument.Of(decay), AtenArgument.Of(options.Epsilon),
            AtenArgument.Of(false), AtenArgument.Of(false),
            AtenArgument.Optional(scale == 1 ? null : Scalar(1 / scale, device)), AtenArgument.None);

        AtenArgument List(Func<AdamWTensors, Tensor> which) => AtenArgument.Of([.. tensors.Select(which)]);
    }

    public void Dispose()
    {
        foreach (var scalar in _scalars.Values) scalar.Dispose();
        _scalars.Clear();
    }

    /// <summary>Filled on the device: a copy from the host would wait for it.</summary>
    private Tensor Scalar(double value, Device device)
    {
        var key = (value, device.ToString());
        if (_scalars.TryGetValue(key, out var there)) return there;
        using var scope = NewDisposeScope();
        return _scalars[key] = empty([], ScalarType.Float32, device).Filled(value).DetachFromDisposeScope();
    }
}

/// <summary>What one update of a parameter, or of a piece of it, reads and writes; all of one shape.</summary>
internal readonly record struct AdamWTensors(Tensor Weight, Tensor Gradient, Tensor Mean, Tensor Square)
{
    public IEnumerable<Tensor> All => [Weight, Gradient, Mean, Square];

    /// <summary>Views of a piece of each.</summary>
    public AdamWTensors Part(TensorParts parts, int index)
        => new(parts.View(Weight, index), parts.View(Gradient, index), parts.View(Mean, index), parts.View(Square, index));

    /// <summary>Each in a dtype; what has it is not copied.</summary>
    public AdamWTensors To(ScalarType type) => new(Weight.to_type(type), Gradient.to_type(type), Mean.to_type(type), Square.to_type(type));
}
