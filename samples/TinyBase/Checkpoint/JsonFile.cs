using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TinyBase.Checkpoint;

internal static class JsonFile
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string folder, string name, JsonNode content)
        => File.WriteAllText(Path.Combine(folder, name), content.ToJsonString(Readable).ReplaceLineEndings("\n") + "\n");
}
