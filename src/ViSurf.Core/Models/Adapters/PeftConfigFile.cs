using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary><c>adapter_config.json</c> to <see cref="LoraConfig"/> and back.</summary>
internal static class PeftConfigFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static LoraConfig Read(string path)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            return Read(json.RootElement);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Expected the configuration of a LoRA adapter in '{path}': {e.Message}", e);
        }
    }

    public static void Write(string path, LoraConfig config)
    {
        var json = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["alpha_pattern"] = Pattern(config.AlphaPattern),
            ["rank_pattern"] = Pattern(config.RankPattern),
            ["base_model_name_or_path"] = config.BaseModel,
            ["exclude_modules"] = Selection(config.ExcludeModules),
            ["init_lora_weights"] = true,
            ["lora_alpha"] = Whole(config.Alpha),
            ["lora_dropout"] = Number(config.Dropout),
            ["modules_to_save"] = config.ModulesToSave.Count == 0 ? null : Array(config.ModulesToSave),
            ["peft_type"] = "LORA",
            ["r"] = config.Rank,
            ["target_modules"] = Selection(config.TargetModules),
            ["task_type"] = config.TaskType,
            ["use_rslora"] = config.UseRsLora,
        };
        foreach (var (name, off) in PeftOptions.ToWrite) json[name] = JsonNode.Parse(off);
        File.WriteAllText(path, JsonSerializer.Serialize(json, Indented), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    private static LoraConfig Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new FormatException("it holds no JSON object.");
        if (Text(root, "peft_type") is var type && type != "LORA")
            throw new FormatException($"peft_type is '{Excerpt.Of(type ?? "")}', expected 'LORA'.");
        if (root.EnumerateObject().Select(PeftOptions.Objection).FirstOrDefault(o => o is not null) is { } objection)
            throw new FormatException($"{objection}. Merge the adapter with PEFT (merge_and_unload) and load the merged checkpoint instead.");
        if (PeftOptions.ObjectionToStart(root.TryGetProperty("init_lora_weights", out var init) ? init : default) is { } start)
            throw new FormatException($"{start}. Convert the adapter with PEFT (save_pretrained with "
                + $"path_initial_model_for_weight_conversion), or merge it (merge_and_unload) and load the merged checkpoint.");
        var defaults = new LoraConfig { TargetModules = ModuleSelection.AllLinear };
        return new LoraConfig
        {
            TargetModules = Selection(root, "target_modules") ?? throw new FormatException("target_modules is missing; expected a list of names or a pattern."),
            ExcludeModules = Selection(root, "exclude_modules"),
            Rank = (int)Number(root, "r", defaults.Rank, n => n is >= 1 and <= int.MaxValue && n == Math.Floor(n),
                "a whole number of at least 1"),
            Alpha = Number(root, "lora_alpha", defaults.Alpha, n => n is > 0 and <= LoraConfig.LargestAlpha, "a finite number above 0, at most 1000000"),
            RankPattern = Pattern(root, "rank_pattern", n => n is >= 1 and <= int.MaxValue && n == Math.Floor(n), "whole numbers of at "
                + "least 1 by patterns of paths"),
            AlphaPattern = Pattern(root, "alpha_pattern", n => n is > 0 and <= LoraConfig.LargestAlpha, "finite numbers above 0, at most 1000000, by patterns of paths"),
            Dropout = Number(root, "lora_dropout", defaults.Dropout, n => n is >= 0 and < 1, "a number from 0 to below 1"),
            UseRsLora = Has(root, "use_rslora") is { } stabilised ? Flag("use_rslora", stabilised) : defaults.UseRsLora,
            ModulesToSave = Has(root, "modules_to_save") is { } saved ? Names("modules_to_save", saved) : [],
            BaseModel = Text(root, "base_model_name_or_path"),
            TaskType = Text(root, "task_type"),
        };
    }

    private static ModuleSelection? Selection(JsonElement root, string option) => Has(root, option) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => ModuleSelection.Matching(text.GetString()!),
        { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() == 0 => null,
        { } list => ModuleSelection.Named(Names(option, list)),
    };

    private static JsonNode? Selection(ModuleSelection? selection)
        => selection is null ? null : selection.Names is { } names ? Array(names) : selection.Pattern;

    private static JsonArray Array(IEnumerable<string> names) => [.. names.Select(name => (JsonNode?)name)];

    private static JsonNode Whole(double value) => value == Math.Floor(value) && value < int.MaxValue ? (int)value : value;

    private static JsonObject Pattern(IReadOnlyList<LayerOverride> entries)
    {
        var json = new JsonObject();
        // Of two entries with one pattern the first counts, here and in PEFT's order.
        foreach (var entry in entries.DistinctBy(entry => entry.Pattern)) json.Add(entry.Pattern, Whole(entry.Value));
        return json;
    }

    private static LayerOverride[] Pattern(JsonElement root, string option, Func<double, bool> allowed, string expected)
        => Has(root, option) is not { } value ? []
            : value.ValueKind == JsonValueKind.Object
                && value.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.Number && allowed(entry.Value.GetDouble()))
                ? [.. value.EnumerateObject().Select(entry => new LayerOverride(entry.Name, entry.Value.GetDouble()))]
                : throw Unexpected(option, value, expected);

    /// <summary>0 is written 0.0, as Python writes a float.</summary>
    private static JsonNode? Number(double value)
        => JsonNode.Parse(value == Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture));

    private static string[] Names(string option, JsonElement list)
        => list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(name.GetString()))
            ? [.. list.EnumerateArray().Select(name => name.GetString()!)]
            : throw Unexpected(option, list, "a list of module names");

    private static double Number(JsonElement root, string option, double otherwise, Func<double, bool> allowed, string expected)
        => Has(root, option) is not { } value ? otherwise
            : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && allowed(number) ? number
            : throw Unexpected(option, value, expected);

    private static bool Flag(string option, JsonElement value)
        => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw Unexpected(option, value, "true or false");

    private static FormatException Unexpected(string option, JsonElement value, string expected)
        => new($"{option} is {PeftOptions.Short(value)}, expected {expected}.");

    private static JsonElement? Has(JsonElement root, string option)
        => root.TryGetProperty(option, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? Text(JsonElement root, string option)
        => Has(root, option) is not { } value ? null : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw Unexpected(option, value, "a text");
}
