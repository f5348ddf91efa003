using TorchSharp.Modules;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// One layer of <c>modules_to_save</c>: trained copies of its parameters, registered below it, stand in for its own, which stay as they
/// are for the policy with the adapter off.
/// </summary>
internal sealed class SavedModule : IDisposable
{
    private const string Name = "modules_to_save";
    private readonly ModulePath _path;
    private readonly Copies _copies;
    private readonly (string Name, Parameter Own, Parameter Copy)[] _parameters;

    public SavedModule(ModulePath path)
    {
        if (path.Module is not IStandInLayer)
            throw new ArgumentException(
                $"Expected layers of this library's models in modules_to_save, got '{path.Peft}'. "
                + "Its forward pass cannot be given another parameter: make it trainable itself, or use LoRA on it.");
        _path = path;
        using var scope = NewDisposeScope();
        var own = path.Module.named_parameters(false).ToArray();
        _copies = new Copies(own);
        path.Module.register_module(Name, _copies);
        var copies = _copies.named_parameters(false).ToDictionary(p => p.name, p => p.parameter);
        _parameters = [.. own.Select(p => (p.name, p.parameter, copies[p.name]))];
        Use(copies: true);
    }

    /// <summary>The trained parameters by their names in a PEFT file, without its prefix.</summary>
    public IEnumerable<(string Name, string Own, Parameter Value)> Parameters
        => _parameters.Select(p => ($"{_path.Peft}.{p.Name}", $"{_path.Own}.{p.Name}", p.Copy));

    /// <summary>Computes with the trained copies, or with the layer's own parameters.</summary>
    public void Use(bool copies)
    {
        foreach (var (name, own, copy) in _parameters) ((IStandInLayer)_path.Module).Use(name, copies ? copy : own);
    }

    /// <summary>Swaps the contents of own parameters and copies: merging, and its exact inverse.</summary>
    public void Exchange()
    {
        using var noGrad = no_grad();
        foreach (var (_, own, copy) in _parameters)
        {
            using var scope = NewDisposeScope();
            var before = own.detach().clone();
            own.copy_(copy);
            copy.copy_(before);
        }
    }

    public void Dispose()
    {
        Use(copies: false);
        _path.Module.register_module(Name, null!);
        _copies.Dispose();
    }

    private sealed class Copies : nn.Module
    {
        public Copies(IEnumerable<(string Name, Parameter Value)> parameters)
            : base(Name)
        {
            foreach (var (name, value) in parameters)
            {
                var copy = new Parameter(value.detach().clone());
                copy.DetachFromDisposeScope();
                register_parameter(name, copy);
            }
        }
    }
}
