using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>The dtype in <c>config.json</c>, by which <c>from_pretrained</c> loads: it must be what is stored.</summary>
internal static class ConfigType
{
    // Newer transformers write "dtype", older ones "torch_dtype"; both read the older.
    private const string Older = "torch_dtype";
    private static readonly string[] Keys = ["dtype", Older];
    private static readonly string[] Parts = ["text_config", "vision_config"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file with the dtype named wherever it named one, and at the root; the same bytes where it agrees already.</summary>
    public static byte[] Name(byte[] config, ScalarType stored)
    {
        var text = stored.ToString().ToLowerInvariant();
        var root = JsonNode.Parse(BoundedFile.WithoutMark(config).Span)!.AsObject();
        var changed = false;
        foreach (var part in Parts.Select(name => root[name] as JsonObject).OfType<JsonObject>().Append(root))
            foreach (var key in Keys.Where(part.ContainsKey))
                Set(part, key);
        if (!Keys.Any(root.ContainsKey)) Set(root, Older);
        return changed ? Write(root) : config;

        void Set(JsonObject part, string key)
        {
            if (part[key] is JsonValue value && value.TryGetValue<string>(out var named) && named == text) return;
            part[key] = text;
            changed = true;
        }
    }

    /// <summary>As transformers lays it out, with every letter as it is.</summary>
    public static byte[] Write(JsonObject root) => JsonSerializer.SerializeToUtf8Bytes(root, Indented);
}
