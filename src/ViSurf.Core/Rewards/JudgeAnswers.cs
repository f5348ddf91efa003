using System.Runtime.CompilerServices;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>
/// What judges answered about all completions of a step, for the rewards that stand before them: renamed, scaled, clamped or bent by
/// length, a judge is asked through its decorators, which then find its answer here.
/// </summary>
internal sealed class JudgeAnswers(CancellationToken cancellation) : IDisposable
{
    private static readonly AsyncLocal<JudgeAnswers?> Ambient = new();
    private readonly Dictionary<Question, JudgeAnswer> _answers = [];
    private readonly HashSet<JudgeReward> _asked = [];
    private readonly JudgeAnswers? _outer = Ambient.Value;

    /// <summary>Those of the suite that is scoring, or null.</summary>
    public static JudgeAnswers? Current => Ambient.Value;

    /// <summary>Of the suite's step, also for a judge that is asked alone.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Puts them in the way of the judges until disposed.</summary>
    public JudgeAnswers Open()
    {
        Ambient.Value = this;
        return this;
    }

    /// <summary>Asks a judge about every completion, once a step however many rewards stand before it.</summary>
    /// <param name="judge">Who is asked.</param>
    /// <param name="name">The reward's name in the suite.</param>
    /// <param name="groups">The step.</param>
    public void Ask(JudgeReward judge, string name, IReadOnlyList<RolloutGroup> groups)
    {
        if (!_asked.Add(judge)) return;
        var values = JudgeGathering.Ask(judge, name, groups, Cancellation);
        for (var q = 0; q < groups.Count; q++)
            for (var i = 0; i < values[q].Length; i++)
                _answers[new Question(judge, groups[q].Example, groups[q].Completions[i])] = values[q][i];
    }

    /// <summary>What the judge answered, if it was asked.</summary>
    public bool TryFind(JudgeReward judge, VisionExample example, Completion completion, out double? value)
    {
        var found = _answers.TryGetValue(new Question(judge, example, completion), out var answer);
        value = answer.Value;
        return found;
    }

    /// <summary>Whether the judge was asked, did not answer, and the completion is to be left out for that.</summary>
    public bool IsMissing(JudgeReward judge, VisionExample example, Completion completion)
        => _answers.GetValueOrDefault(new Question(judge, example, completion)).IsMissing;

    /// <summary>Takes them out of the way.</summary>
    public void Dispose() => Ambient.Value = _outer;

    /// <summary>The very objects: comparing two completions as values would compare their texts.</summary>
    private readonly record struct Question(JudgeReward Judge, VisionExample Example, Completion Completion)
    {
        public bool Equals(Question other)
            => ReferenceEquals(Judge, other.Judge) && ReferenceEquals(Example, other.Example)
                && ReferenceEquals(Completion, other.Completion);

        public override int GetHashCode()
            => HashCode.Combine(RuntimeHelpers.GetHashCode(Judge), RuntimeHelpers.GetHashCode(Example),
                RuntimeHelpers.GetHashCode(Completion));
    }
}
