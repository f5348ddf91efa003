using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>A parameter with its AdamW state. The state is made at the first update, so a parameter without gradient costs nothing.</summary>
internal sealed class AdamWSlot(string name, Parameter parameter, AdamWOptions options) : IDisposable
{
    private readonly double _decay = options.DecayVectors || parameter.dim() > 1 ? options.WeightDecay : 0;
    private readonly bool _low = options.MasterWeights && parameter.dtype is ScalarType.BFloat16 or ScalarType.Float16;
    private long _updates;
    private Tensor? _mean, _square, _master;

    public Parameter Parameter { get; } = parameter;

    public void Update(double rate, double scale)
    {
        using var scope = NewDisposeScope();
        if (Parameter.grad is not { } gradient) return;
        if (_low) gradient = gradient.to(ScalarType.Float32);
        var (mean, square, weight) = State();
        var (beta1, beta2) = (options.Beta1, options.Beta2);
        _updates++;
        if (_decay > 0) weight.TimesInPlace(1 - rate * _decay);
        mean.TimesInPlace(beta1).PlusInPlace(gradient, (1 - beta1) * scale);
        square.TimesInPlace(beta2).PlusProductInPlace(gradient, gradient, (1 - beta2) * scale * scale);
        var root = square.sqrt().OverInPlace(Math.Sqrt(1 - Math.Pow(beta2, _updates))).PlusInPlace(options.Epsilon);
        weight.PlusQuotientInPlace(mean, root, -rate / (1 - Math.Pow(beta1, _updates)));
        if (_low) Parameter.copy_(weight);
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
        if (reader.ReadBoolean() != _low)
            throw new InvalidDataException(
                $"Expected the optimizer state of parameter '{name}' {(_low ? "with" : "without")} a float32 master copy. Use the dtype and MasterWeights of the run that was saved.");
        if (_low) Read(_master!);

        void Read(Tensor tensor)
        {
            try
            {
                tensor.Load(reader);
            }
            catch (ArgumentException e)
            {
                throw new InvalidDataException($"The optimizer state of parameter '{name}' has another shape or dtype: {e.Message}", e);
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

    private (Tensor Mean, Tensor Square, Tensor Weight) State()
    {
        _mean ??= Zeros();
        _square ??= Zeros();
        if (_low) _master ??= Parameter.to(ScalarType.Float32).detach().DetachFromDisposeScope();
        return (_mean, _square, _master ?? Parameter);
    }

    private Tensor Zeros()
        => zeros(Parameter.shape, _low ? ScalarType.Float32 : Parameter.dtype, Parameter.device).DetachFromDisposeScope();
}
