using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Data;

namespace TinyBase.Shapes;

/// <summary>Writes rows in the columns of the published grounding sets: JSON Lines, with the pictures as PNG files beside them.</summary>
internal static class RowWriter
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>folder/name.jsonl</c> and <c>folder/images/*.png</c>.</summary>
    public static void Write(string folder, string name, IEnumerable<Row> rows)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        using var lines = new StreamWriter(Path.Combine(folder, name + ".jsonl")) { NewLine = "\n" };
        foreach (var row in rows)
        {
            var image = $"images/{row.Id}.png";
            File.WriteAllBytes(Path.Combine(folder, image), SceneRenderer.Png(row.Scene));
            lines.WriteLine(Line(row, image));
        }
    }

    /// <summary>One row: a grounding label is JSON text in <c>solution</c>, an answer in words is <c>answer</c>.</summary>
    public static string Line(Row row, string image)
    {
        var json = new JsonObject { ["id"] = row.Id, ["image"] = image, ["problem"] = row.Question };
        json[row.Target is GroundingTarget ? "solution" : "answer"] = row.Target.Serialize(new LabelFormat());
        return json.ToJsonString(Readable);
    }
}
