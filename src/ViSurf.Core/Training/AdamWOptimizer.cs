using TorchSharp;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019) over the trainable parameters of a module, with torch's arithmetic, a learning-rate schedule,
/// and float32 master weights for parameters of lower precision. Frozen parameters have neither gradient nor state here. Owns its state,
/// not the parameters.
/// </summary>
/// <remarks>
/// Move and cast the module before making the optimizer: TorchSharp replaces the parameters of a module that moves. Parameters
/// without gradient in an update are left alone. The gradient is scaled inside the update, so that clipping costs no pass of its own.
/// </remarks>
public sealed class AdamWOptimizer : IDisposable
{
    private const string Format = "ViSurf.AdamW 1";

    private readonly AdamWOptions _options;
    private readonly List<AdamWSlot> _slots;
    private bool _disposed;

    /// <summary>Takes every parameter of the module that requires a gradient.</summary>
    /// <exception cref="ArgumentException">No parameter requires a gradient.</exception>
    public AdamWOptimizer(nn.Module module, AdamWOptions? options = null)
    {
        Guard.NotNull(module);
        _options = options ?? new AdamWOptions();
        _slots = module.named_parameters().Where(p => p.parameter.requires_grad)
            .Select(p => new AdamWSlot(p.name, p.parameter, _options)).ToList();
        if (_slots.Count == 0)
            throw new ArgumentException($"Expected trainable parameters, got a module ({module.GetName()}) in which none requires a gradient.", nameof(module));
    }

    /// <summary>The knobs.</summary>
    public AdamWOptions Options => _options;

    /// <summary>Updates made so far; the next one uses <c>LearningRate(Updates)</c>.</summary>
    public long Updates { get; internal set; }

    /// <summary>The learning rate of the next update.</summary>
    public double NextLearningRate => _options.LearningRate(Updates);

    /// <summary>Bytes of moments and master copies held now: 0 before the first update, nothing for frozen parameters.</summary>
    public long StateBytes => _slots.Sum(slot => slot.Bytes);

    /// <summary>One per trainable parameter.</summary>
    internal IReadOnlyList<AdamWSlot> Slots => Alive();

    /// <summary>Whether any update takes the fused way; see <see cref="AdamWOptions.Fused"/>.</summary>
    internal bool IsFused => _slots.Exists(slot => slot.IsFused);

    /// <summary>Where the first parameter is.</summary>
    internal Device Device => Alive()[0].Parameter.device;

    /// <summary>Global 2-norm of all gradients as a scalar on their device: nothing waits for it. 0 when there are none; infinite above 1e19 in float32.</summary>
    public Tensor GradientNorm()
    {
        using var _ = no_grad();
        // Asked for one by one: TorchSharp makes a new handle each time.
        using var scope = NewDisposeScope();
        var gradients = Alive().Select(slot => slot.Parameter.grad).OfType<Tensor>();
        var norm = IsFused ? Training.GradientNorm.OfJoined(gradients, Device) : Training.GradientNorm.OfEach(gradients, Device);
        return norm.MoveToOuterDisposeScope();
    }

    /// <summary>Updates every parameter that has a gradient, each gradient times <paramref name="gradientScale"/>.</summary>
    /// <param name="gradientScale">Below 1 when gradients are clipped; see <see cref="ClipScale"/>.</param>
    /// <remarks>The gradients themselves may come out scaled: <see cref="ZeroGradients"/> is what follows.</remarks>
    /// <exception cref="ObjectDisposedException">The optimizer has been disposed, or a parameter with its policy or adapter.</exception>
    public void Step(double gradientScale = 1.0)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var rate = NextLearningRate;
        using var fused = new FusedAdamW(_options, rate, gradientScale);
        foreach (var slot in Alive())
        {
            if (slot.IsFused) slot.Update(fused);
            else slot.Update(rate, gradientScale);
        }
        fused.Run();
        Updates++;
    }

    /// <summary>Frees the gradients of all parameters, so that rollouts have their memory.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in Alive()) slot.Parameter.grad = null;
    }

    /// <summary>The factor that brings a gradient of this norm down to the limit; 1 when it is below. torch's formula, its 1e-6 included.</summary>
    public static double ClipScale(double norm, double maximum) => Math.Min(1.0, maximum / (norm + 1e-6));

    /// <summary>
    /// Writes the update count and the state of every parameter, so that a resumed run continues bit for bit (given the same weights).
    /// </summary>
    /// <param name="stream">Open for writing; stays open.</param>
    public void Save(Stream stream)
    {
        Alive();
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Format);
        writer.Write(Updates);
        writer.Write(_slots.Count);
        foreach (var slot in _slots) slot.Save(writer);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="stream">Open for reading, at the place where <see cref="Save"/> began; stays open.</param>
    /// <exception cref="InvalidDataException">Not such a state, or one of other parameters; the message names the first that differs.</exception>
    public void Load(Stream stream)
    {
        Alive();
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        if (reader.ReadString() is var format && format != Format)
            throw new InvalidDataException($"Expected an optimizer state that starts with '{Format}', got '{format}'.");
        var updates = reader.ReadInt64();
        if (reader.ReadInt32() is var count && count != _slots.Count)
            throw new InvalidDataException(
                $"Expected the state of {_slots.Count} parameters, got {count}. Freeze the same parameters as in the run that was saved.");
        foreach (var slot in _slots) slot.Load(reader);
        Updates = updates;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        foreach (var slot in _slots) slot.Dispose();
    }

    /// <summary>The slots, when they can be used.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer has been disposed, or a parameter with its policy or adapter.</exception>
    internal List<AdamWSlot> Alive()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slots.FirstOrDefault(slot => slot.Parameter.IsInvalid) is not { } gone
            ? _slots
            : throw new ObjectDisposedException(nameof(AdamWOptimizer), $"The parameter '{gone.Name}' of this optimizer has been "
                + $"disposed, with its policy or its adapter.");
    }
}
