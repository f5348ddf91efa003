using TorchSharp;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>A parameter as far as memory is concerned.</summary>
/// <param name="Name">Its name in the module or in the checkpoint.</param>
/// <param name="Elements">Its numbers.</param>
/// <param name="Type">Their dtype.</param>
/// <param name="Trains">Whether it has a gradient.</param>
public sealed record ParameterSize(string Name, long Elements, ScalarType Type, bool Trains)
{
    /// <summary>Bytes of the parameter, and of its gradient when it has one.</summary>
    public long Bytes => Elements * Type.ElementSize();

    /// <summary>All parameters of a module as they are now: freeze and attach adapters first.</summary>
    public static IReadOnlyList<ParameterSize> Of(nn.Module module)
        => [.. Guard.NotNull(module).named_parameters().Select(p => new ParameterSize(p.name, p.parameter.numel(), p.parameter.dtype, p.parameter.requires_grad))];
}
