using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>
/// What the test runner's console said (<c>--logger:console;verbosity=normal</c>), as far as it came: its own files are written at the end,
/// which a run that is ended does not reach.
/// </summary>
internal static partial class TestLog
{
    private const string Message = "Error Message:";

    /// <summary>{"command":"tests","passed":N,"failed":N,"skipped":N,"failures":[{"test":…,"message":first line},…]}</summary>
    public static JsonObject Read(IReadOnlyList<string> lines)
    {
        var (counts, failures) = (new Dictionary<string, int> { ["Passed"] = 0, ["Failed"] = 0, ["Skipped"] = 0 }, new JsonArray());
        for (var i = 0; i < lines.Count; i++)
        {
            if (Outcome().Match(lines[i]) is not { Success: true } match) continue;
            counts[match.Groups[1].Value]++;
            if (match.Groups[1].Value == "Failed") failures.Add(new JsonObject { ["test"] = match.Groups[2].Value, ["message"] = FirstLine(lines, i + 1) });
        }
        return new JsonObject
        {
            ["command"] = "tests",
            ["passed"] = counts["Passed"],
            ["failed"] = counts["Failed"],
            ["skipped"] = counts["Skipped"],
            ["failures"] = failures,
        };
    }

    private static string FirstLine(IReadOnlyList<string> lines, int from)
    {
        for (var i = from; i < lines.Count && !Outcome().IsMatch(lines[i]); i++)
            if (lines[i].Trim() == Message) return i + 1 < lines.Count ? lines[i + 1].Trim() : "";
        return "";
    }

    /// <summary>"  Failed ViSurf.Core.Tests.X.Y [12 ms]".</summary>
    [GeneratedRegex(@"^ +(Passed|Failed|Skipped) (\S.*?)(?: \[[^\]]*\])?\s*$")]
    private static partial Regex Outcome();
}
