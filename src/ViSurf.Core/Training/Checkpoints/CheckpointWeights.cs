using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>
/// How what is trained gets into a directory and back: <c>new(directory =&gt; policy.Save(directory), policy.LoadWeights)</c> for a whole model in its
/// published layout, <c>new(directory =&gt; adapter.Save(directory), adapter.LoadWeights)</c> for an adapter in PEFT's. So the <c>weights</c> folder of
/// a checkpoint is a model that other tools load.
/// </summary>
/// <param name="Save">Writes into a directory that does not exist yet, bit for bit.</param>
/// <param name="Load">Fills the same weights from such a directory.</param>
public sealed record CheckpointWeights(Action<string> Save, Action<string> Load)
{
    private const string File = "model.safetensors";

    /// <summary>A module of one's own: parameters and buffers by their names, in one <c>model.safetensors</c>.</summary>
    public static CheckpointWeights Of(nn.Module module)
    {
        Guard.NotNull(module);
        return new CheckpointWeights(
            directory =>
            {
                Directory.CreateDirectory(directory);
                SafeTensorsWriter.Write(Path.Combine(directory, File), Named(module));
            },
            directory =>
            {
                using var file = SafeTensorsReader.Open(Path.Combine(directory, File));
                new SavedPart("weights", null, file).ReadAll(Named(module));
            });
    }

    internal static IReadOnlyList<(string Name, Tensor Value)> Named(nn.Module module)
        => [.. module.named_parameters().Select(p => (p.name, (Tensor)p.parameter)), .. module.named_buffers().Select(b => (b.name, b.buffer))];
}
