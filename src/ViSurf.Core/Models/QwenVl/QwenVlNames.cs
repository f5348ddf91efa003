namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Two generations of tensor names: hub files (<c>visual.*</c>, <c>model.*</c>) and newer saves (<c>model.visual.*</c>,
/// <c>model.language_model.*</c>). The hub form is canonical and is what we write.
/// </summary>
internal static class QwenVlNames
{
    /// <summary>The hub name; null for a tensor that carries nothing (a tied head stored all the same, rotary tables).</summary>
    public static string? Canonical(string name, bool tiedHead)
    {
        if (name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)) return null;
        if (tiedHead && name == "lm_head.weight") return null;
        return Replace(name, "model.visual.", "visual.") ?? Replace(name, "model.language_model.", "model.") ?? name;
    }

    private static string? Replace(string name, string prefix, string replacement)
        => name.StartsWith(prefix, StringComparison.Ordinal) ? string.Concat(replacement, name.AsSpan(prefix.Length)) : null;
}
