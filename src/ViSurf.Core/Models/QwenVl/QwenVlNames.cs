using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Where tower and decoder stand in a family's published checkpoints: <c>visual</c> and <c>model</c> up to Qwen2.5-VL,
/// <c>model.visual</c> and <c>model.language_model</c> since. Both spellings are read for every family; the published one is written.
/// </summary>
/// <param name="Tower">Null for a family without one.</param>
/// <param name="Decoder">Path of the decoder.</param>
internal sealed record QwenVlNames(string? Tower, string Decoder)
{
    /// <summary>The embedding matrix.</summary>
    public string Embedding => $"{Decoder}.embed_tokens.weight";

    /// <summary>The published name; null for a tensor that carries nothing (a tied head stored all the same, rotary tables).</summary>
    public string? Canonical(string name, bool tiedHead)
    {
        if (name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)) return null;
        if (tiedHead && name == StoredHead.Head) return null;
        // The longer spellings first: "model." begins them all.
        return Replace(name, "model.visual", Tower) ?? Replace(name, "model.language_model", Decoder)
            ?? Replace(name, "visual", Tower) ?? Replace(name, "model", Decoder) ?? name;
    }

    /// <summary>Registers tower and decoder below a module at their paths.</summary>
    public void Register(nn.Module root, nn.Module? tower, nn.Module decoder)
    {
        if (tower is not null) Place(root, Tower!, tower);
        Place(root, Decoder, decoder);
    }

    private static void Place(nn.Module parent, string path, nn.Module module)
    {
        if (path.Split('.', 2) is not [var first, var rest])
        {
            parent.register_module(path, module);
            return;
        }
        if (parent.named_children().FirstOrDefault(c => c.name == first).module is not { } branch)
            parent.register_module(first, branch = new Branch());
        Place(branch, rest, module);
    }

    private static string? Replace(string name, string part, string? replacement)
        => replacement is not null && name.Length > part.Length && name[part.Length] == '.' && name.StartsWith(part, StringComparison.Ordinal)
            ? string.Concat(replacement, name.AsSpan(part.Length)) : null;

    /// <summary>A step of a path, without anything of its own.</summary>
    private sealed class Branch() : nn.Module(nameof(Branch));
}
