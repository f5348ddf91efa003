using TorchSharp.Modules;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// A layer that can compute with a stand-in for one of its parameters. Its own parameter stays registered under its name, so what is
/// saved and what an optimizer finds does not change.
/// </summary>
internal interface IStandInLayer
{
    /// <summary>Computes with <paramref name="parameter"/> from now on; stays the caller's.</summary>
    /// <param name="name">Name of the layer's own parameter: <c>weight</c> or <c>bias</c>.</param>
    /// <param name="parameter">Of the same shape, dtype and device.</param>
    void Use(string name, Parameter parameter);
}
