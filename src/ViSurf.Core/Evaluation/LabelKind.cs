using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>How one kind of label is kept in a <see cref="PredictionFile"/>. For a <see cref="Target"/> of your own; the library's are known.</summary>
/// <param name="Name">Unique; written with the value.</param>
/// <param name="Write">The value as JSON; null for labels of other kinds.</param>
/// <param name="Read">The label again; throws <see cref="FormatException"/> where it is none.</param>
public sealed record LabelKind(string Name, Func<Target, JsonNode?> Write, Func<JsonElement, Target> Read);

/// <summary>Labels to JSON and back, by their kind.</summary>
/// <param name="own">Kinds beside the library's; asked first.</param>
internal sealed class LabelCodec(IReadOnlyList<LabelKind> own)
{
    private readonly LabelKind[] _kinds = [.. Guard.NotNull(own), .. LabelKinds.All];

    /// <exception cref="ArgumentException">No kind knows the label.</exception>
    public JsonNode? Write(Target? target)
    {
        if (target is null) return null;
        foreach (var kind in _kinds)
            if (kind.Write(target) is { } value) return new JsonObject { ["kind"] = kind.Name, ["value"] = value };
        throw new ArgumentException($"its label is a {target.GetType().Name}, of which no LabelKind is known. Hand one to PredictionFile.");
    }

    /// <exception cref="FormatException">It is no label, or of a kind that is not known.</exception>
    public Target? Read(JsonElement label)
    {
        if (label.ValueKind == JsonValueKind.Null) return null;
        var name = label.Text("kind");
        var kind = Array.Find(_kinds, k => k.Name == name)
            ?? throw new FormatException($"expected a label of a kind among {string.Join(", ", _kinds.Select(k => k.Name))}, got '{Excerpt.Of(name)}'. Hand the LabelKind it was written with to PredictionFile.");
        return kind.Read(label.Member("value"));
    }
}
