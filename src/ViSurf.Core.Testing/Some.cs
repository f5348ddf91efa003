using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing;

/// <summary>Examples, completions and groups for tests, without pictures, files or models.</summary>
public static class Some
{
    /// <summary>An example with the given label.</summary>
    /// <param name="target">The label.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="id">Its id.</param>
    public static VisionExample Example(Target target, string question = "What is in the picture?", string id = "example")
        => VisionExample.Ask(id, question, target);

    /// <summary>An example whose label is a text.</summary>
    public static VisionExample Example(string answer, string question = "What is in the picture?", string id = "example")
        => Example(new TextTarget(answer), question, id);

    /// <summary>An example without a label.</summary>
    public static VisionExample Unlabelled(string question = "What is in the picture?", string id = "example") => VisionExample.Ask(id, question, null);

    /// <summary>An example whose label is boxes, each with its centre as its point; none for "nothing there".</summary>
    public static VisionExample Grounding(params Box[] boxes)
        => Example(new GroundingTarget([.. boxes.Select(b => new GroundedObject(b, new PixelPoint((b.X1 + b.X2) / 2, (b.Y1 + b.Y2) / 2)))]), "Find the objects.");

    /// <summary>A rollout with made-up tokens.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="tokens">How many tokens it has; null for one per four characters and one to end the turn.</param>
    public static Completion Completion(string text, int? tokens = null) => Of(text, tokens, CompletionSource.Policy);

    /// <summary>A completion of thoughts and an answer in their tags.</summary>
    public static Completion Thought(string thoughts, string answer) => Completion($"<think>{thoughts}</think><answer>{answer}</answer>");

    /// <summary>The label of an example as it joins a group.</summary>
    /// <param name="example">Has a label.</param>
    /// <param name="format">How labels are written; null means the default, an answer block.</param>
    /// <exception cref="ArgumentException">The example has no label.</exception>
    public static Completion Label(VisionExample example, LabelFormat? format = null)
    {
        ArgumentNullException.ThrowIfNull(example);
        return example.Target is { } target
            ? Of((format ?? new LabelFormat()).Write(target), null, CompletionSource.Demonstration)
            : throw new ArgumentException($"Expected an example with a label, got '{example.Id}' without one.", nameof(example));
    }

    /// <summary>A group of rollouts, and the label last when the example has one.</summary>
    /// <param name="example">The example.</param>
    /// <param name="rollouts">The rollouts' texts.</param>
    public static RolloutGroup Group(VisionExample example, params string[] rollouts)
    {
        ArgumentNullException.ThrowIfNull(example);
        var completions = rollouts.Select(text => Completion(text)).ToList();
        if (example.Target is not null) completions.Add(Label(example));
        return new RolloutGroup(example, completions);
    }

    /// <summary>A scored group of rollouts with the given rewards, for tests of reward controllers and advantages.</summary>
    public static ScoredGroup Group(params double[] rewards) => Group(rewards, label: null);

    /// <summary>A scored group of rollouts with the given rewards, and a label with its own, last.</summary>
    public static ScoredGroup Group(IReadOnlyList<double> rewards, double? label)
    {
        ArgumentNullException.ThrowIfNull(rewards);
        var group = Group(label is null ? Unlabelled() : Example("label"), [.. rewards.Select((_, i) => $"rollout {i}")]);
        var values = label is { } last ? rewards.Append(last) : rewards;
        return new ScoredGroup(group, [.. values.Select(value => new CompletionScore([new RewardComponent("reward", value)]))]);
    }

    private static Completion Of(string text, int? tokens, CompletionSource source)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new int[tokens ?? text.Length / 4 + 1];
        for (var i = 0; i < ids.Length; i++) ids[i] = i;
        return new Completion(ids, text, FinishReason.Stop, source);
    }
}
