using System.Globalization;
using System.Text.Json;

namespace FineTune.Settings;

/// <summary>
/// An object of the settings file while it is read. Every wrong value is noted with its key and reading goes on, so that all mistakes are shown at
/// once; a key that nobody asked for is a mistake too.
/// </summary>
internal sealed class SettingsNode
{
    private readonly JsonElement? _json;
    private readonly string _path;
    private readonly List<string> _mistakes;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public SettingsNode(JsonElement? json, List<string> mistakes, string path = "")
    {
        (_json, _path, _mistakes) = (json, path, mistakes);
        if (json is { ValueKind: not JsonValueKind.Object } other) Wrong(null, "an object", other);
    }

    /// <summary>Whether the object is there at all.</summary>
    public bool Exists => _json is { ValueKind: JsonValueKind.Object };

    /// <summary>Its own key, with those of the objects around it.</summary>
    public string Path => _path;

    public string? Text(string key)
        => Find(key) is not { } value ? null : value.ValueKind is JsonValueKind.String ? value.GetString() : Wrong<string>(key, "a text", value);

    /// <summary>A text that has to be there.</summary>
    public string RequiredText(string key)
    {
        if (Text(key) is { } text) return text;
        if (Find(key) is null) _mistakes.Add($"{Key(key)}: expected a text, found nothing");
        return "";
    }

    /// <summary>One of some words; the first is the default.</summary>
    public string Choice(string key, params string[] choices)
    {
        if (Text(key) is not { } text) return choices[0];
        if (choices.FirstOrDefault(c => Same(c, text)) is { } choice) return choice;
        _mistakes.Add($"{Key(key)}: expected {string.Join(", ", choices[..^1])} or {choices[^1]}, got \"{text}\"");
        return choices[0];
    }

    public int? Whole(string key, int least = 1)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least
            ? number : WrongNumber(key, string.Create(CultureInfo.InvariantCulture, $"a whole number of at least {least}"), value);
    }

    public double? Number(string key, double least = 0, double most = double.MaxValue, bool above = false)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most && !(above && number == least))
            return number;
        var range = string.Create(CultureInfo.InvariantCulture, $"a number {(above ? "above" : "of at least")} {least}");
        if (most < double.MaxValue) range += string.Create(CultureInfo.InvariantCulture, $" and at most {most}");
        Wrong(key, range, value);
        return null;
    }

    public bool? Switch(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Wrong(key, "true or false", value);
        return null;
    }

    /// <summary>Texts in a list; a single text is a list of one.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (Find(key) is not { } value) return [];
        if (value.ValueKind is JsonValueKind.String) return [value.GetString()!];
        if (value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String))
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        Wrong(key, "a list of texts", value);
        return [];
    }

    /// <summary>An object of texts and lists of texts: "column": "name in the file"; null is as if it were not there.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Lists(string key)
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (Find(key) is not { } value) return lists;
        if (value.ValueKind is not JsonValueKind.Object)
        {
            Wrong(key, "an object with a text or a list of texts for each column", value);
            return lists;
        }
        foreach (var item in value.EnumerateObject().Where(item => item.Value.ValueKind is not JsonValueKind.Null))
        {
            string?[] texts = item.Value.ValueKind is JsonValueKind.Array ? [.. item.Value.EnumerateArray().Select(Named)]
                : [Named(item.Value)];
            if (texts.Contains(null))
                Wrong($"{key}.{item.Name}", "the name of a column, or a list of names ([] for rows without that column)", item.Value);
            else lists[item.Name] = texts!;
        }
        return lists;

        static string? Named(JsonElement text) => text.ValueKind is JsonValueKind.String && !string.IsNullOrWhiteSpace(text.GetString())
            ? text.GetString() : null;
    }

    /// <summary>An object inside this one; it may be missing.</summary>
    public SettingsNode Object(string key) => new(Find(key), _mistakes, Key(key));

    /// <summary>Objects in a list; a single one is a list of one.</summary>
    public IReadOnlyList<SettingsNode> Objects(string key)
    {
        if (Find(key) is not { } value) return [];
        if (value.ValueKind is not JsonValueKind.Array) return [new SettingsNode(value, _mistakes, Key(key))];
        return [.. value.EnumerateArray().Select((item, i) => new SettingsNode(item, _mistakes, $"{Key(key)}[{i}]"))];
    }

    /// <summary>Notes something wrong about a key that was read.</summary>
    public void Mistake(string key, string what) => _mistakes.Add($"{Key(key)}: {what}");

    /// <summary>To be called when everything has been asked for.</summary>
    public void NothingElse()
    {
        if (!Exists) return;
        foreach (var item in _json!.Value.EnumerateObject().Where(item => !_asked.Contains(item.Name)))
            _mistakes.Add($"{Key(item.Name)}: no such setting; there are {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
    }

    private JsonElement? Find(string key)
    {
        _asked.Add(key);
        return Exists && _json!.Value.TryGetProperty(key, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;
    }

    private string Key(string? key) => key is null ? _path : _path.Length == 0 ? key : $"{_path}.{key}";

    private T? Wrong<T>(string key, string expected, JsonElement value) where T : class
    {
        Wrong(key, expected, value);
        return null;
    }

    private int? WrongNumber(string key, string expected, JsonElement value)
    {
        Wrong(key, expected, value);
        return null;
    }

    private void Wrong(string? key, string expected, JsonElement value)
    {
        var name = Key(key);
        var raw = value.GetRawText();
        _mistakes.Add($"{(name.Length == 0 ? "the file" : name)}: expected {expected}, got {(raw.Length > 60 ? raw[..57] + "…" : raw)}");
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
