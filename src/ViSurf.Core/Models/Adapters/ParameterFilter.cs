using System.Text.RegularExpressions;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>Which parameters of a policy are meant, by name.</summary>
/// <remarks>
/// Names are those of the published checkpoints (<c>visual.blocks.0.attn.qkv.weight</c>) or transformers' newer ones
/// (<c>model.visual.blocks.0.attn.qkv.weight</c>); a filter means a parameter when it means either of its names.
/// </remarks>
public sealed class ParameterFilter
{
    private readonly Func<string, bool> _contains;
    private readonly string _text;

    private ParameterFilter(string text, Func<string, bool> contains) => (_text, _contains) = (text, contains);

    /// <summary>The vision tower without what joins it to the decoder: patch embedding, positions and blocks.</summary>
    public static ParameterFilter VisionTower { get; } = new("the vision tower", name => IsVision(name) && !IsMerger(name));

    /// <summary>What maps pictures into the decoder's space (the projector): <c>visual.merger</c> and Qwen3-VL's deepstack mergers.</summary>
    public static ParameterFilter Merger { get; } = new("the merger", IsMerger);

    /// <summary>Everything below <c>visual</c>: <see cref="VisionTower"/> and <see cref="Merger"/>.</summary>
    public static ParameterFilter Vision { get; } = new("everything visual", IsVision);

    /// <summary>The token embedding, which is also the head where a checkpoint ties them.</summary>
    public static ParameterFilter Embeddings { get; } = new("the embeddings", name => name.Contains("embed_tokens.", StringComparison.Ordinal));

    /// <summary>Parameters whose whole name matches a regular expression.</summary>
    /// <param name="pattern">For instance <c>.*layers\.[0-3]\..*</c>.</param>
    /// <exception cref="ArgumentException">Not a regular expression.</exception>
    public static ParameterFilter Matching(string pattern)
    {
        var regex = new Regex($@"\A(?:{Guard.NotBlank(pattern)})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        return new($"'{pattern}'", regex.IsMatch);
    }

    /// <summary>Parameters of either filter.</summary>
    public ParameterFilter Or(ParameterFilter other) => new($"{this} or {Guard.NotNull(other)}", name => _contains(name) || other._contains(name));

    /// <summary>All other parameters.</summary>
    public ParameterFilter Not() => new($"not {this}", name => !_contains(name));

    /// <summary>Whether a parameter of this name is meant.</summary>
    public bool Contains(string name) => _contains(Guard.NotBlank(name));

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static bool IsVision(string name)
        => name.StartsWith("visual.", StringComparison.Ordinal) || name.StartsWith("model.visual.", StringComparison.Ordinal);

    private static bool IsMerger(string name)
        => IsVision(name) && (name.Contains("visual.merger.", StringComparison.Ordinal) || name.Contains("visual.deepstack_merger_list.", StringComparison.Ordinal));
}
