using System.Text.Json.Nodes;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>What became of a part.</summary>
/// <param name="Part">Its name.</param>
/// <param name="Status">
/// "ok", "failed", "timed out", "skipped" (no time, or what it needs failed) or "left out" (not to be had here).
/// </param>
/// <param name="Seconds">By the clock.</param>
/// <param name="Message">Why it failed, was ended or was skipped; null when it ended well.</param>
/// <param name="Results">The JSON objects it printed, up to where it came.</param>
internal sealed record PartResult(string Part, string Status, double Seconds, string? Message, IReadOnlyList<JsonObject> Results)
{
    public const string Ok = "ok", Failed = "failed", TimedOut = "timed out", NoTime = "skipped", NotHere = "left out";

    public bool IsOk => Status == Ok;

    public static PartResult Skipped(string part, string why) => new(part, NoTime, 0, why, []);

    public static PartResult LeftOut(string part, string why) => new(part, NotHere, 0, why, []);

    /// <summary>One line of JSON.</summary>
    public string Line() => JsonLine.Text(new { part = Part, status = Status, seconds = Seconds, message = Message, results = Results });
}
