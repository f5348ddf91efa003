using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using Xunit;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// A checkpoint directory of every family. The text-only ones are made of a golden model's decoder, which is that family's: on a prompt
/// without pictures the three rope rows are equal.
/// </summary>
internal static class Families
{
    public static TheoryData<string> All => ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen2", "qwen3"];

    public static TheoryData<string> WithPictures => ["qwen2_vl", "qwen2_5_vl", "qwen3_vl"];

    /// <summary>A copy that the test may change; golden data of pictures does not apply to the text-only ones.</summary>
    public static TemporaryDirectory Checkpoint(string family) => family switch
    {
        "qwen2" => TextOnly("qwen2_5_vl", family),
        "qwen3" => TextOnly("qwen3_vl", family),
        _ => TemporaryDirectory.CopyOf(family),
    };

    /// <summary>The golden directory whose numbers hold for a family's prompts without pictures.</summary>
    public static string GoldenOf(string family) => family switch { "qwen2" => "qwen2_5_vl", "qwen3" => "qwen3_vl", _ => family };

    /// <summary>Index of a golden case without pictures.</summary>
    public static int TextCase(string golden)
        => Enumerable.Range(0, Golden.CaseCount(golden)).First(i =>
        {
            using var json = Fixtures.Json(golden, "golden.json");
            return json.RootElement.GetProperty("cases")[i].GetProperty("images").GetArrayLength() == 0;
        });

    /// <summary>Writes the decoder of a vision-language checkpoint as a directory of a text-only family.</summary>
    public static TemporaryDirectory TextOnly(string source, string family)
    {
        var copy = TemporaryDirectory.CopyOf(source);
        foreach (var file in Directory.GetFiles(copy.Path, "*.safetensors*").Concat(Directory.GetFiles(copy.Path, "*processor_config.json"))) File.Delete(file);
        var root = JsonNode.Parse(File.ReadAllText(copy.File("config.json")))!.AsObject();
        var flat = (root["text_config"]?.AsObject() ?? root).DeepClone().AsObject();
        foreach (var key in new[] { "vision_config", "text_config" }) flat.Remove(key);
        flat["model_type"] = family;
        flat["tie_word_embeddings"] = root["tie_word_embeddings"]?.DeepClone();
        foreach (var key in new[] { "rope_parameters", "rope_scaling" })
        {
            if (flat[key] is not JsonObject rope) continue;
            foreach (var unknown in new[] { "mrope_section", "mrope_interleaved", "type" }) rope.Remove(unknown);
            if (rope.Count == 0) flat.Remove(key);
        }
        // A copy of a read-only fixture is read-only itself.
        File.Delete(copy.File("config.json"));
        File.WriteAllText(copy.File("config.json"), flat.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(source), TestDevice.Value, TorchSharp.torch.ScalarType.BFloat16);
        CheckpointWriter.Write(copy.Path, [.. policy.Weights().Where(w => !w.Name.Contains("visual.", StringComparison.Ordinal))
            .Select(w => (w.Name.Replace("model.language_model.", "model.", StringComparison.Ordinal), w.Value))]);
        return copy;
    }
}
