using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// <c>tie_word_embeddings</c> in <c>config.json</c>. A model with a head of its own must say false at the root, where transformers 5
/// reads it, and in <c>text_config</c>, where version 4 does: told true, version 4 drops the head.
/// </summary>
internal static class ConfigTie
{
    private const string Key = "tie_word_embeddings", Nested = "text_config";

    /// <summary>The file for a model with a head of its own; the same bytes where it does not speak of one matrix.</summary>
    public static byte[] Untie(byte[] config)
    {
        var root = JsonNode.Parse(BoundedFile.WithoutMark(config).Span)!.AsObject();
        var parts = new[] { root, root[Nested] as JsonObject }.OfType<JsonObject>().ToArray();
        if (!parts.Any(part => part[Key]?.GetValueKind() == JsonValueKind.True)) return config;
        foreach (var part in parts) part[Key] = false;
        return ConfigType.Write(root);
    }
}
