using System.Text.Json;
using System.Text.Json.Nodes;

namespace Quickstart;

/// <summary>The numbers of the run, for programs to read.</summary>
internal static class SummaryFile
{
    public const string Name = "summary.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Write(string folder, QuickstartOptions options, IReadOnlyList<StepPoint> points, IReadOnlyList<HeldOutScore> scores)
        => File.WriteAllText(Path.Combine(folder, Name), new JsonObject
        {
            ["seed"] = options.Seed,
            ["steps"] = options.Steps,
            ["before"] = Score(scores[0]),
            ["after"] = Score(scores[1]),
            ["loaded_back"] = Score(scores[2]),
            ["rollout_reward"] = new JsonArray([.. points.Select(p => JsonValue.Create(p.Rollouts))]),
        }.ToJsonString(Indented) + "\n");

    /// <summary>A share that no row speaks of is null.</summary>
    private static JsonObject Score(HeldOutScore score) => new()
    {
        ["g_iou"] = Number(score.GIoU),
        ["n_acc"] = Number(score.NAcc),
        ["box_accuracy"] = Number(score.BoxAccuracy),
        ["exact_answers"] = Number(score.ExactAnswers),
        ["thinking"] = Number(score.Thinking),
    };

    private static JsonNode? Number(double? share) => share is { } value ? JsonValue.Create(Math.Round(value, 4)) : null;
}
