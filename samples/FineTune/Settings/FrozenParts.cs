using ViSurf.Core.Models.Adapters;

namespace FineTune.Settings;

/// <summary>The words for parts of a model in <c>freeze</c>.</summary>
internal static class FrozenParts
{
    public static IReadOnlyList<string> Words { get; } = ["vision", "vision-tower", "merger", "embeddings"];

    /// <summary>A word, or a regular expression over parameter names.</summary>
    public static ParameterFilter Of(string text) => text switch
    {
        "vision" => ParameterFilter.Vision,
        "vision-tower" => ParameterFilter.VisionTower,
        "merger" => ParameterFilter.Merger,
        "embeddings" => ParameterFilter.Embeddings,
        _ => ParameterFilter.Matching(text),
    };
}
