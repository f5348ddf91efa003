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
            ["base_model_name_or_path"] = config.BaseModel,
            ["exclude_modules"] = Selection(config.ExcludeModules),
            ["init_lora_weights"] = true,
            ["lora_alpha"] = config.Alpha == Math.Floor(config.Alpha) && config.Alpha < int.MaxValue ? (int)config.Alpha : config.Alpha,
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
        if (Text(root, "peft_type") is var type && type != "LORA") throw new FormatException($"peft_type is '{type}', expected 'LORA'.");
        if (root.EnumerateObject().Select(PeftOptions.Objection).FirstOrDefault(o => o is not null) is { } objection)
            throw new FormatException($"{objection}. Merge the adapter with PEFT (merge_and_unload) and load the merged checkpoint instead.");
        // What is stored are trained weights, so the initialisation matters only where it has changed the weights below too.
        if (root.TryGetProperty("init_lora_weights", out var init) && init.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
            && init.GetString() != "gaussian")
            throw new FormatException($"option 'init_lora_weights' = {init.GetRawText()}, which changes the base weights and is not supported; expected true, false or \"gaussian\".");
        var defaults = new LoraConfig { TargetModules = ModuleSelection.AllLinear };
        return new LoraConfig
        {
            TargetModules = Selection(root, "target_modules") ?? throw new FormatException("target_modules is missing; expected a list of names or a pattern."),
            ExcludeModules = Selection(root, "exclude_modules"),
            Rank = Has(root, "r") is { } rank ? rank.GetInt32() : defaults.Rank,
            Alpha = Has(root, "lora_alpha") is { } alpha ? alpha.GetDouble() : defaults.Alpha,
            Dropout = Has(root, "lora_dropout") is { } dropout ? dropout.GetDouble() : defaults.Dropout,
            UseRsLora = Has(root, "use_rslora")?.GetBoolean() ?? defaults.UseRsLora,
            ModulesToSave = Has(root, "modules_to_save") is { } saved ? Names(saved) : [],
            BaseModel = Text(root, "base_model_name_or_path"),
            TaskType = Text(root, "task_type"),
        };
    }

    private static ModuleSelection? Selection(JsonElement root, string option) => Has(root, option) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => ModuleSelection.Matching(text.GetString()!),
        { } list when list.GetArrayLength() == 0 => null,
        { } list => ModuleSelection.Named(Names(list)),
    };

    private static JsonNode? Selection(ModuleSelection? selection)
        => selection is null ? null : selection.Names is { } names ? Array(names) : selection.Pattern;

    private static JsonArray Array(IEnumerable<string> names) => [.. names.Select(name => (JsonNode?)name)];

    /// <summary>0 is written 0.0, as Python writes a float.</summary>
    private static JsonNode? Number(double value)
        => JsonNode.Parse(value == Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture));

    private static string[] Names(JsonElement list) => [.. list.EnumerateArray().Select(name => name.GetString() ?? "")];

    private static JsonElement? Has(JsonElement root, string option)
        => root.TryGetProperty(option, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? Text(JsonElement root, string option) => Has(root, option)?.GetString();
}
