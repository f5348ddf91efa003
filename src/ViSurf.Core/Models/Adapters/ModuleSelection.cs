using System.Text.RegularExpressions;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>Which modules of a network are meant, by PEFT's rules for <c>target_modules</c> and <c>exclude_modules</c>.</summary>
/// <remarks>
/// Module paths are those of transformers (<c>model.language_model.layers.0.self_attn.q_proj</c>); the published checkpoints' older
/// spelling (<c>model.layers.0.self_attn.q_proj</c>) is understood too.
/// </remarks>
public sealed class ModuleSelection
{
    private readonly Regex? _regex;

    private ModuleSelection(IReadOnlyList<string>? names, string? pattern)
    {
        (Names, Pattern) = (names, pattern);
        if (pattern is null || IsAllLinear) return;
        try
        {
            // Python's re.fullmatch. The pattern may come from a downloaded file, hence the time limit.
            _regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"Expected a regular expression of module paths, got '{pattern}': {e.Message}", nameof(pattern), e);
        }
    }

    /// <summary>Every linear layer but the output head <c>lm_head</c>; PEFT writes it <c>"all-linear"</c>. Not for exclusion.</summary>
    public static ModuleSelection AllLinear { get; } = new(null, "all-linear");

    /// <summary>Full paths or their last parts; null for a pattern.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <summary>Regular expression, or <c>all-linear</c>; null for names.</summary>
    public string? Pattern { get; }

    /// <summary>Whether this is <see cref="AllLinear"/>.</summary>
    public bool IsAllLinear => string.Equals(Pattern, "all-linear", StringComparison.OrdinalIgnoreCase);

    /// <summary>Modules whose path is one of the names, or ends with a dot and one of them.</summary>
    /// <param name="names">For instance <c>q_proj</c> or <c>self_attn.q_proj</c>; at least one.</param>
    public static ModuleSelection Named(params IReadOnlyList<string> names)
        => Guard.NotNull(names).Count > 0
            ? new([.. names.Select(name => Guard.NotBlank(name))], null)
            : throw new ArgumentException("Expected at least one module name, got none.", nameof(names));

    /// <summary>Modules whose whole path matches a regular expression.</summary>
    /// <param name="pattern">For instance <c>.*language_model.*(q_proj|v_proj)</c>.</param>
    /// <exception cref="ArgumentException">Not a regular expression of .NET.</exception>
    public static ModuleSelection Matching(string pattern) => new(null, Guard.NotBlank(pattern));

    /// <inheritdoc/>
    public override string ToString() => Pattern is null ? $"[{Excerpt.Of(string.Join(", ", Names!))}]" : $"'{Excerpt.Of(Pattern)}'";

    /// <summary>Whether a module of any of these spellings of its path is meant; <see cref="AllLinear"/> is the caller's business.</summary>
    internal bool Contains(IEnumerable<string> spellings)
        => spellings.Any(path => Names?.Any(name => Fits(path, name)) ?? IsMatch(path));

    internal static bool Fits(string path, string name) => path == name || path.EndsWith("." + name, StringComparison.Ordinal);

    private bool IsMatch(string path)
    {
        try
        {
            return _regex?.IsMatch(path) ?? false;
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new InvalidOperationException($"The pattern '{Pattern}' took more than a second on the module path '{path}'. Write it without nested repetition.", e);
        }
    }
}
