using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>A number for some of the layers of an adapter, as an entry of PEFT's <c>rank_pattern</c> or <c>alpha_pattern</c>.</summary>
/// <param name="Pattern">
/// A path, its end after a dot, or a regular expression of either: <c>layers.0.self_attn.q_proj</c>, <c>q_proj</c>,
/// <c>layers.[0-3].*v_proj</c>.
/// </param>
/// <param name="Value">The number.</param>
/// <exception cref="ArgumentException"><paramref name="Pattern"/> is no regular expression of .NET.</exception>
public sealed record LayerOverride(string Pattern, double Value)
{
    private readonly ModuleSelection _selection = Selection(Pattern);

    /// <summary>A path, its end after a dot, or a regular expression of either.</summary>
    public string Pattern { get; init => (_selection, field) = (Selection(value), value); } = Pattern;

    /// <inheritdoc/>
    public bool Equals(LayerOverride? other) => other is not null && other.Pattern == Pattern && other.Value.Equals(Value);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Pattern, Value);

    // PEFT: re.match(rf"(.*\.)?({key})$", path).
    private static ModuleSelection Selection(string pattern) => ModuleSelection.Matching($@"(.*\.)?({Guard.NotBlank(pattern)})");

    /// <summary>The number of the first entry that means a layer.</summary>
    internal static double? Of(IReadOnlyList<LayerOverride> entries, ModulePath path)
        => entries.FirstOrDefault(entry => entry._selection.Contains(path.Spellings))?.Value;
}
