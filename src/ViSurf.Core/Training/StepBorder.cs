using System.Text.Json.Nodes;
using ViSurf.Core.Data;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>
/// Where a step began, to go back there when it is cancelled: the position in the data and the values of every part that may change before the weights do
/// (a replay buffer hands out groups while the step goes on). Weights, moments and averages have not changed then.
/// </summary>
internal sealed class StepBorder
{
    private readonly IExampleStream _examples;
    private readonly string _position;
    private readonly (CheckpointPart Part, JsonNode? Values)[] _parts;

    public StepBorder(IExampleStream examples, IReadOnlyList<CheckpointPart> parts)
    {
        (_examples, _position) = (examples, examples.Position);
        _parts = [.. parts.Select(part => (Part: part, State: part.Save())).Where(p => p.State.Tensors.Count == 0).Select(p => (p.Part, p.State.Values?.DeepClone()))];
    }

    public void Return()
    {
        _examples.Position = _position;
        foreach (var (part, values) in _parts) part.Restore(new SavedPart(part.Key, values, null));
    }
}
