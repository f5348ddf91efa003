using System.Collections.Frozen;
using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// The options of PEFT's LoraConfig that are not implemented here, with the value that means "off". They are written as PEFT writes them,
/// and a file that turns one on is refused: ignoring it would compute something else.
/// </summary>
internal static class PeftOptions
{
    private static readonly FrozenDictionary<string, string> OffValues = new Dictionary<string, string>
    {
        ["alora_invocation_tokens"] = "null", ["arrow_config"] = "null", ["bias"] = "\"none\"", ["corda_config"] = "null",
        ["ensure_weight_tying"] = "false", ["fan_in_fan_out"] = "false", ["kasa_config"] = "null",
        ["layer_replication"] = "null", ["layers_to_transform"] = "null", ["loftq_config"] = "{}", ["lora_bias"] = "false",
        ["lora_ga_config"] = "null", ["megatron_config"] = "null", ["monteclora_config"] = "null",
        ["target_parameters"] = "null", ["trainable_token_indices"] = "null", ["use_bdlora"] = "null", ["use_dora"] = "false",
        ["use_qalora"] = "false", ["velora_config"] = "null",
    }.ToFrozenDictionary();

    /// <summary>Options that only describe or tune others; whatever they say, nothing is computed differently.</summary>
    private static readonly FrozenDictionary<string, string> Harmless = new Dictionary<string, string>
    {
        ["auto_mapping"] = "null", ["eva_config"] = "null", ["inference_mode"] = "true", ["layers_pattern"] = "null",
        ["megatron_core"] = "\"megatron.core\"",
        ["peft_version"] = "null", ["qalora_group_size"] = "16", ["revision"] = "null", ["runtime_config"] = "null",
    }.ToFrozenDictionary();

    // Of peft.tuners.lora: they set A and B alone.
    private static readonly FrozenSet<string> PlainStarts = new[] { "gaussian", "eva", "orthogonal" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Read = new[]
    {
        "alpha_pattern", "base_model_name_or_path", "exclude_modules", "init_lora_weights", "lora_alpha", "lora_dropout",
        "modules_to_save", "peft_type", "r", "rank_pattern",
        "target_modules", "task_type", "use_rslora",
    }.ToFrozenSet();

    /// <summary>What to write for them: name and JSON. PEFT itself leaves runtime_config out.</summary>
    public static IEnumerable<(string Name, string Json)> ToWrite
        => OffValues.Concat(Harmless).Where(o => o.Key != "runtime_config").Select(o => (o.Key, o.Value));

    /// <summary>Why an option of a file cannot be honoured, or null.</summary>
    public static string? Objection(JsonProperty option)
    {
        if (Read.Contains(option.Name) || Harmless.ContainsKey(option.Name) || IsOff(option.Value)) return null;
        if (!OffValues.TryGetValue(option.Name, out var off))
            return $"option '{Excerpt.Of(option.Name)}' = {Short(option.Value)}, which is not known here";
        using var expected = JsonDocument.Parse(off);
        return JsonElement.DeepEquals(expected.RootElement, option.Value)
            ? null
            : $"option '{option.Name}' = {Short(option.Value)}, which is not supported; expected {off}";
    }

    /// <summary>
    /// Why a way of starting (<c>init_lora_weights</c>) cannot be honoured, or null. What is stored are trained factors, so the start
    /// matters only where it has changed the weights below them too: <c>pissa</c>, <c>olora</c>, <c>corda</c>, <c>loftq</c> and their like.
    /// </summary>
    public static string? ObjectionToStart(JsonElement start) => start.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.True or JsonValueKind.False => null,
        JsonValueKind.String when PlainStarts.Contains(start.GetString()!) => null,
        _ => $"option 'init_lora_weights' = {Short(start)}, which changes the base weights or is not known here; expected true, "
            + $"false or one of {string.Join(", ", PlainStarts.Order(StringComparer.Ordinal))}",
    };

    /// <summary>A value of a file for a message: it may be of any length.</summary>
    public static string Short(JsonElement value) => value.GetRawText() is { Length: > 100 } text ? text[..100] + "…" : value.GetRawText();

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
