using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>What a part of a run says of itself when a checkpoint is written.</summary>
/// <param name="Values">Numbers and texts; null for none. What JSON cannot hold (NaN) must be written as text.</param>
/// <param name="Tensors">Named tensors of any device and dtype; they stay the part's.</param>
public sealed record PartState(JsonNode? Values, IReadOnlyList<(string Name, Tensor Value)> Tensors)
{
    /// <summary>Without tensors.</summary>
    public static PartState Of(JsonNode? values) => new(values, []);
}

/// <summary>
/// Something whose state belongs to a checkpoint: an optimizer, an adaptive coefficient, a replay buffer, a moving average. Register it in
/// <see cref="TrainerParts.State"/>.
/// </summary>
/// <remarks>
/// A part with tensors changes only when a step has made its updates (as moving averages and optimizers do). One without may change at any
/// moment: a step that is cancelled and made again finds it as it was.
/// </remarks>
public sealed record CheckpointPart
{
    /// <summary>Names a part and says how it is saved and restored.</summary>
    /// <param name="key">Its name in the checkpoint and the name of its file: small letters, digits, '-' and '_'.</param>
    /// <param name="save">The state now.</param>
    /// <param name="restore">Brings the part to a saved state.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> has other characters.</exception>
    public CheckpointPart(string key, Func<PartState> save, Action<SavedPart> restore)
    {
        if (!Guard.NotBlank(key).All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'))
            throw new ArgumentException($"Expected a key of small letters, digits, '-' and '_', got '{key}': it becomes the name of a file.", nameof(key));
        (Key, Save, Restore) = (key, Guard.NotNull(save), Guard.NotNull(restore));
    }

    /// <summary>Its name in the checkpoint.</summary>
    public string Key { get; }

    /// <summary>The state now.</summary>
    public Func<PartState> Save { get; }

    /// <summary>Brings the part to a saved state.</summary>
    public Action<SavedPart> Restore { get; }

    /// <summary>A part whose state is numbers and texts: <c>CheckpointPart.Of("kl", () =&gt; kl.State, saved =&gt; kl.Restore(saved!))</c>.</summary>
    public static CheckpointPart Of(string key, Func<JsonNode?> save, Action<JsonNode?> restore)
    {
        Guard.NotNull(save);
        Guard.NotNull(restore);
        return new CheckpointPart(key, () => PartState.Of(save()), saved => restore(saved.Values));
    }

    /// <summary>A part that is tensors, always the same ones, restored in place: the parameters of a moving average.</summary>
    /// <param name="key">See the constructor.</param>
    /// <param name="tensors">Named tensors; names, shapes and dtypes must be those of the run that was saved.</param>
    public static CheckpointPart OfTensors(string key, Func<IReadOnlyList<(string Name, Tensor Value)>> tensors)
    {
        Guard.NotNull(tensors);
        return new CheckpointPart(key, () => new PartState(null, tensors()), saved => saved.ReadAll(tensors()));
    }

    /// <summary>The parameters and buffers of a module, as <see cref="OfTensors"/>.</summary>
    public static CheckpointPart OfModule(string key, nn.Module module)
    {
        Guard.NotNull(module);
        return OfTensors(key, () => CheckpointWeights.Named(module));
    }
}
