using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// Weights of the model below that PEFT stores with an adapter: of embedding and head where one of them is adapted, or the vocabulary has
/// grown (<c>save_embedding_layers</c>). PEFT would put them into the model. Ours has them already, or is another model.
/// </summary>
internal sealed class BaseWeights
{
    // Between a module's path and its parameter's name: below LoRA, and below a module that was saved as a whole.
    private static readonly string[] Marks = [".base_layer.", ".original_module."];
    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);

    /// <param name="policy">The module below the adapter.</param>
    public BaseWeights(nn.Module policy)
    {
        var modules = ModulePath.Of(policy);
        foreach (var module in modules)
            foreach (var (name, parameter) in module.Module.named_parameters(false))
                foreach (var path in module.Spellings) _parameters[$"{path}.{name}"] = parameter;
        if (LoraTargets.Tied(modules) is { } tied) _parameters["lm_head.weight"] = _parameters[$"{tied.Own}.weight"];
    }

    /// <summary>Whether a tensor is a weight of the model below, and the one it has.</summary>
    /// <param name="file">The adapter's weights.</param>
    /// <param name="name">The tensor's name there.</param>
    /// <param name="plain">The same without prefix.</param>
    /// <exception cref="InvalidDataException">It is a weight of the model below and another one.</exception>
    public bool Confirms(SafeTensorsReader file, string name, string plain)
    {
        var own = Marks.Aggregate(plain, (text, mark) => text.Replace(mark, ".", StringComparison.Ordinal));
        if (!_parameters.TryGetValue(own, out var parameter)) return false;
        return PieceByPiece.Holds(file, name, parameter)
            ? true
            : throw new InvalidDataException(
                $"The adapter in '{file.Path}' was trained on other weights: '{name}' {TensorText.Shape(file.Entries[name].Shape)}, "
                    + $"which PEFT stores with it, is not the policy's '{own}' "
                + $"{TensorText.Shape(parameter.shape)}. Load the policy from the checkpoint that the adapter was trained on, "
                + $"or merge the adapter there with PEFT (merge_and_unload) and load the result.");
    }
}
