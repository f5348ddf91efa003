using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Tests.Support;

/// <summary>Scored groups from plain numbers, rollouts first and the label last, as the library orders them.</summary>
internal static class Scored
{
    /// <summary>Name of the only component of <see cref="Group"/>.</summary>
    public const string Reward = "reward";

    public static ScoredGroup Group(IReadOnlyList<double> rollouts, double? label = null)
        => Of([.. rollouts.Select(r => Score((Reward, r)))], label is { } y ? Score((Reward, y)) : null);

    /// <summary>A group of given scores; <paramref name="label"/> null for an example without one.</summary>
    public static ScoredGroup Of(IReadOnlyList<CompletionScore> rollouts, CompletionScore? label, string id = "row")
    {
        var sources = rollouts.Select(_ => CompletionSource.Policy).Concat(label is null ? [] : [CompletionSource.Demonstration]);
        var completions = sources.Select((source, i) => Completion.OfText($"text {i}", source)).ToArray();
        var example = VisionExample.Ask(id, "?", label is null ? null : new TextTarget("y"));
        return new ScoredGroup(new RolloutGroup(example, completions), label is null ? rollouts : [.. rollouts, label]);
    }

    /// <summary>Components of weight 1; null for one that does not apply.</summary>
    public static CompletionScore Score(params (string Name, double? Value)[] components)
        => new([.. components.Select(c => new RewardComponent(c.Name, c.Value))]);
}
