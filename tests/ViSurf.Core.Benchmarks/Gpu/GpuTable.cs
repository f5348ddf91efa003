using System.Globalization;
using System.Text.Json.Nodes;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>The results for people: a line for each part, with what matters of it.</summary>
internal static class GpuTable
{
    private const int Failures = 8;

    /// <summary>Markdown. The last column is text of any length, so only the others are aligned.</summary>
    public static string Of(IReadOnlyList<PartResult> results)
    {
        var (part, status) = (results.Append(null).Max(r => r?.Part.Length ?? 4), results.Append(null).Max(r => r?.Status.Length ?? 6));
        string Line(string name, string state, string seconds, string text) => $"| {name.PadRight(part)} | {state.PadRight(status)} | {seconds,4} | {text} |";
        return string.Join(Environment.NewLine,
        [
            Line("part", "status", "s", "result"),
            $"|{new string('-', part + 2)}|{new string('-', status + 2)}|-----:|---|",
            .. results.Select(r => Line(r.Part, r.Status, r.Seconds.ToString("0", CultureInfo.InvariantCulture),
                string.Join("; ", r.Results.Select(Summary).Append(r.Message ?? "").Where(text => text.Length > 0)).Replace('|', '/'))),
        ]);
    }

    /// <summary>What matters of one object that a part printed.</summary>
    public static string Summary(JsonObject json) => json["command"]?.GetValue<string>() switch
    {
        "torch" => $"torch {json["torch"]}, CUDA {json["cuda"]}, {json["card"]}",
        "symbols" => $"{json["missing"]!.AsArray().Count} of {json["needed"]} functions missing; operators: {json["operators"]!.AsArray().Count} here, missing {Names(json["operators_missing"]!)}",
        "tests" => $"{json["passed"]} passed, {json["failed"]} failed, {json["skipped"]} skipped{Failed(json["failures"]!.AsArray())}",
        "make-model" => $"{Number(json, "parameters", 1e-9)}B parameters",
        "decode" => $"{json["group"]} rows: {Number(json, "tokens_per_s")} tokens/s, {Number(json, "token_ms")} ms a token ({Number(json, "bytes_floor_fraction", 100)} % of it unavoidable reading){Peak(json)}",
        "step" => $"step {Median(json, "step_s")} s, rollout {Number(json, "tokens_per_s")} tokens/s, update {Median(json, "update_s")} s, MFU {Number(json, "update_mfu", 100)} %{Peak(json)}",
        "transformers" => $"generate {Number(json, "tokens_per_s")} tokens/s{Peak(json)}",
        "transformers update" => $"update {Number(json, "update_median_s")} s in slices of {json["rows_at_once"]} rows ({json["trained"]}){Peak(json)}",
        var other => other ?? "",
    };

    private static string Peak(JsonObject json) => json["device_peak_gb"] is null ? "" : $", peak {Number(json, "device_peak_gb")} GB";

    private static string Failed(JsonArray failures)
    {
        if (failures.Count == 0) return "";
        var named = failures.Take(Failures).Select(f => $"{f!["test"]} ({f["message"]})");
        return $": {string.Join("; ", named)}{(failures.Count > Failures ? $"; and {failures.Count - Failures} more in results.jsonl" : "")}";
    }

    private static string Names(JsonNode list) => list.AsArray() is { Count: > 0 } names ? string.Join(", ", names.Select(n => $"{n}")) : "none";

    private static string Number(JsonObject json, string name, double times = 1) => json[name] is { } value ? Text(times * value.GetValue<double>()) : "-";

    private static string Median(JsonObject json, string name) => Text(json[name]!.AsArray().Select(v => v!.GetValue<double>()).Median());

    private static string Text(double value) => value.ToString("G3", CultureInfo.InvariantCulture) is var text && text.Contains('E', StringComparison.Ordinal)
        ? value.ToString("0", CultureInfo.InvariantCulture) : text;
}
