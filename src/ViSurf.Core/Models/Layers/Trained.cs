using TorchSharp;
using TorchSharp.Modules;

namespace ViSurf.Core.Models.Layers;

/// <summary>What of a module is trained.</summary>
internal static class Trained
{
    /// <summary>Some parameter, at any depth, that has a gradient; null when the whole module is frozen.</summary>
    public static Parameter? FirstTrained(this torch.nn.Module module) => module.parameters().FirstOrDefault(p => p.requires_grad);
}
