using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>A scored group that a buffer keeps, in a form that outlives the process.</summary>
/// <param name="Group">The group.</param>
/// <param name="Worth">What the buffer thinks of it.</param>
/// <param name="Replays">How often it was used.</param>
internal sealed record SavedGroup(ScoredGroup Group, double Worth, int Replays)
{
    private const string What = "a replay buffer";

    public static JsonNode Write(IReadOnlyList<SavedGroup> groups) => SavedState.Write([.. groups.Select(saved => new Form(
        SavedExample.Of(saved.Group.Group.Example), saved.Group.Group.Completions, saved.Group.Scores, saved.Worth, saved.Replays))]);

    /// <exception cref="InvalidDataException">It is not such a state, or an example is not in the data set.</exception>
    public static IReadOnlyList<SavedGroup> Read(JsonNode state, Func<string, VisionExample?> example)
    {
        Guard.NotNull(example);
        return [.. SavedState.Read<Form>(state, What).Select(form => form.Completions.Count == form.Scores.Count && form.Replays >= 0
            ? new SavedGroup(new ScoredGroup(new RolloutGroup(form.Example.Find(example), form.Completions), form.Scores), form.Worth, form.Replays)
            : throw new InvalidDataException(
                $"Expected the state of {What}, got {form.Completions.Count} completions with {form.Scores.Count} scores, replayed {form.Replays} times, for example '{form.Example.Id}'."))];
    }

    private sealed record Form(SavedExample Example, IReadOnlyList<Completion> Completions, IReadOnlyList<CompletionScore> Scores, double Worth, int Replays);
}
