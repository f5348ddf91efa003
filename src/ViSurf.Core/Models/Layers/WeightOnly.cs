using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// A parameter called "weight" that lives one module deeper than its user, as checkpoints name it. Only the module that registers a
/// parameter may hold it in a field: TorchSharp registers fields on its own under the field's name.
/// </summary>
internal sealed class WeightOnly : nn.Module, IStandInLayer
{
    public WeightOnly(long[] shape, ScalarType type, Device device)
        : base(nameof(WeightOnly))
    {
        weight = new Parameter(empty(shape, type, device));
        register_parameter("weight", weight);
    }

    public Parameter weight { get; private set; }

    public void Use(string name, Parameter parameter) => weight = parameter;
}
