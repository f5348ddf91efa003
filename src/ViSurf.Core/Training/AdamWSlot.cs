using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// A parameter with its AdamW state. Arithmetic is float32 (float64 for a float64 parameter) whatever the state is stored in. The state is
/// made at the first update, so a parameter without gradient costs nothing.
/// </summary>
internal sealed class AdamWSlot(string name, Parameter parameter, AdamWOptions options) : IDisposable
{
    /// <summary>Numbers of a piece on the CPU: gradient, weight and both moments are 2 MiB.</summary>
    private const long CachedElements = 1L << 17;

    private readonly double _decay = options.DecayVectors || parameter.dim() > 1 ? options.WeightDecay : 0;
    private readonly ScalarType _precision = parameter.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
    private readonly bool _hasMaster = options.MasterWeights && parameter.dtype is ScalarType.BFloat16 or ScalarType.Float16;
    private long _updates;
    private Tensor? _mean, _square, _master;

    public Parameter Parameter { get; } = parameter;

    public string Name => name;

    /// <summary>Updates of this parameter: fewer than the optimizer's where it had no gradient.</summary>
    public long Updates => _updates;

    /// <summary>Bytes of both moments and the master copy; 0 before the first update.</summary>
    public long Bytes => new[] { _mean, _square, _master }.Sum(t => t is null ? 0 : t.numel() * t.element_size());

    /// <summary>Whether updates take the fused way.</summary>
    public bool IsFused { get; } = (options.Fused ?? parameter.device.type == DeviceType.CUDA) && parameter.dtype != ScalarType.Float64
        && parameter.is_contiguous() && FusedAdamW.IsAvailable;

    /// <summary>Updates in the plain way.</summary>
    public void Update(double rate, double scale)
    {
        using var scope = NewDisposeScope();
        if (Parameter.grad is not { } gradient) return;
        var tensors = Next(gradient);
        // On the CPU a piece and its state stay in the cache through all passes; elsewhere every call costs, so pieces are large.
        var parts = TensorParts.Of(Parameter, Parameter.device.type == DeviceType.CPU ? CachedElements : TensorParts.Elements);
        for (var i = 0; i < parts.Count; i++)
        {
            using var part = NewDisposeScope();
            var stored = tensors.Part(parts, i);
            var wide = stored.To(_precision);
            UpdatePart(wide, rate, scale);
            Store(stored, wide, parts.View(Parameter, i), i);
        }
    }

    /// <summary>Updates in the fused way: at once what has to be rounded, together with others what has not.</summary>
    public void Update(FusedAdamW fused)
    {
        if (Parameter.grad is not { } gradient) return;
        var tensors = Next(gradient);
        if (!_hasMaster && FusedAdamW.Takes(tensors))
        {
            fused.Add(tensors, _updates, _decay);
            return;
        }
        using var scope = NewDisposeScope();
        var parts = TensorParts.Of(Parameter);
        for (var i = 0; i < parts.Count; i++)
        {
            using var part = NewDisposeScope();
            var stored = tensors.Part(parts, i);
            var wide = stored.To(_precision) with { Gradient = stored.Gradient.to_type(_precision).contiguous() };
            fused.Update([wide], _updates, _decay);
            Store(stored, wide, parts.View(Parameter, i), i);
        }
    }

    /// <summary>What is held now, by torch's names; empty before the first update.</summary>
    public IEnumerable<(string Name, Tensor Value)> Tensors()
        => new[] { ($"{name}.exp_avg", _mean), ($"{name}.exp_avg_sq", _square), ($"{name}.master", _master) }
            .Where(tensor => tensor.Item2 is not null).Select(tensor => (tensor.Item1, tensor.Item2!));

    /// <summary>Holds what is to be filled from a saved state of so many updates: nothing when there were none.</summary>
    public void Prepare(long updates)
    {
        Dispose();
        _updates = updates;
        using var grad = no_grad();
        if (updates > 0) State();
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(name);
        writer.Write(_updates);
        writer.Write(_mean is not null);
        if (_mean is null) return;
        _mean.Save(writer);
        _square!.Save(writer);
        writer.Write(_master is not null);
        _master?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        if (reader.ReadString() is var found && found != name)
            throw new InvalidDataException($"Expected the optimizer state of parameter '{name}', got '{found}'.");
        _updates = reader.ReadInt64();
        Dispose();
        if (!reader.ReadBoolean()) return;
        using var grad = no_grad();
        var (mean, square, _) = State();
        Read(mean);
        Read(square);
        if (reader.ReadBoolean() != _hasMaster)
            throw new InvalidDataException(
                $"Expected the optimizer state of parameter '{name}' {(_hasMaster ? "with" : "without")} a float32 master copy. Use the dtype and MasterWeights of the run that was saved.");
        if (_hasMaster) Read(_master!);

        void Read(Tensor tensor)
        {
            try
            {
                tensor.Load(reader);
            }
            catch (ArgumentException e)
            {
                throw new InvalidDataException(
                    $"The optimizer state of parameter '{name}' has another shape or dtype. Use the StateType of the run that was saved. {e.Message}", e);
            }
        }
    }

    public void Dispose()
    {
        _mean?.Dispose();
        _square?.Dispose();
        _master?.Dispose();
        (_mean, _square, _master) = (null, null, null);
    }

    /// <summary>What the next update reads and writes, which is counted here.</summary>
    private AdamWTensors Next(Tensor gradient)
    {
        var (mean, square, weight) = State();
        _updates++;
        return new AdamWTensors(weight, gradient, mean, square);
    }

    /// <summary>One piece of the update in the precision of the arithmetic, in place but for the gradient.</summary>
    private void UpdatePart(AdamWTensors wide, double rate, double scale)
    {
        var (w, g, m, v) = wide;
        var (beta1, beta2) = (options.Beta1, options.Beta2);
        if (_decay > 0) w.TimesInPlace(1 - rate * _decay);
        m.TimesInPlace(beta1).PlusInPlace(g, (1 - beta1) * scale);
        v.TimesInPlace(beta2).PlusProductInPlace(g, g, (1 - beta2) * scale * scale);
        // m̂ / (√v̂ + ε), multiplied by the root of v's bias correction above and below: one pass less.
        var correction = Math.Sqrt(1 - Math.Pow(beta2, _updates));
        var root = v.sqrt().PlusInPlace(options.Epsilon * correction);
        w.PlusQuotientInPlace(m, root, -rate * correction / (1 - Math.Pow(beta1, _updates)));
    }

    /// <summary>Rounds what is not stored in the precision of the arithmetic.</summary>
    private void Store(AdamWTensors stored, AdamWTensors wide, Tensor parameter, int part)
    {
        Store(stored.Mean, wide.Mean, Stored.Mean, part);
        Store(stored.Square, wide.Square, Stored.Square, part);
        Store(stored.Weight, wide.Weight, Stored.Weight, part);
        if (_hasMaster) Store(parameter, wide.Weight, Stored.Weight, part);
    }

    private void Store(Tensor target, Tensor value, Stored what, int part)
    {
        if (target.dtype == value.dtype) return;   // updated in place
        if (target.dtype != ScalarType.BFloat16)
        {
            target.copy_(value);
            return;
        }
        // The random numbers depend on parameter, update and piece only, so a resumed run continues bit for bit.
        using var random = new DeviceRandom(SeedStream.Bits(0, _updates, SeedStream.Key(name), (long)what, part), target.device);
        if (IsFused) StochasticRounding.Into(target, value, random);
        else target.copy_(StochasticRounding.ToBFloat16(value, random));
    }

    private (Tensor Mean, Tensor Square, Tensor Weight) State()
    {
        _mean ??= Zeros();
        _square ??= Zeros();
        if (_hasMaster) _master ??= Parameter.to(ScalarType.Float32).detach().DetachFromDisposeScope();
        return (_mean, _square, _master ?? Parameter);
    }

    private Tensor Zeros()
        => zeros(Parameter.shape, options.StateType == ScalarType.BFloat16 ? ScalarType.BFloat16 : _precision, Parameter.device).DetachFromDisposeScope();

    private enum Stored
    {
        Mean,
        Square,
        Weight,
    }
}
