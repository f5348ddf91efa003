using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>A module with its path in our tree and in transformers'.</summary>
/// <param name="Own">Path in our tree, which has the published checkpoints' names: <c>visual.*</c>, <c>model.*</c>, <c>lm_head</c>.</param>
/// <param name="Peft">Path in transformers 4.52 and later, which PEFT's files use: <c>model.visual.*</c>, <c>model.language_model.*</c>, <c>lm_head</c>.</param>
/// <param name="Module">The module; stays the tree's.</param>
internal sealed record ModulePath(string Own, string Peft, nn.Module Module)
{
    /// <summary>Both spellings.</summary>
    public IEnumerable<string> Spellings => [Peft, Own];

    /// <summary>
    /// Every module below the root, once, parents first. The same order as <c>named_parameters</c>, so a module gets the name it was
    /// registered under and not the one of a field that also holds it.
    /// </summary>
    public static IReadOnlyList<ModulePath> Of(nn.Module root)
    {
        var wrapped = IsWrapped(root);
        var (found, seen) = (new List<ModulePath>(), new HashSet<nn.Module>(ReferenceEqualityComparer.Instance));
        Visit(root, "");
        return found;

        void Visit(nn.Module parent, string prefix)
        {
            foreach (var (name, child) in parent.named_children())
            {
                if (!seen.Add(child)) continue;
                var path = prefix + name;
                found.Add(new ModulePath(path, wrapped ? Wrapped(path) : path, child));
                Visit(child, path + ".");
            }
        }
    }

    /// <summary>
    /// Whether transformers puts one more module around the tree's parts: it does for a tower beside a decoder, as Qwen2-VL's and
    /// Qwen2.5-VL's checkpoints name them. Qwen3-VL's already have that form, and text-only decoders keep their names.
    /// </summary>
    internal static bool IsWrapped(nn.Module root)
    {
        var children = Guard.NotNull(root).named_children().Select(c => c.name).ToHashSet();
        return children.Contains("visual") && children.Contains("model");
    }

    /// <summary>The newer spelling of a path, or of a parameter's name, in a tree with a tower beside a decoder.</summary>
    internal static string Wrapped(string path)
        => IsAt(path, "visual") ? "model." + path
            : IsAt(path, "model") ? string.Concat("model.language_model", path.AsSpan("model".Length))
            : path;

    private static bool IsAt(string path, string part) => path == part || path.StartsWith(part + ".", StringComparison.Ordinal);
}
