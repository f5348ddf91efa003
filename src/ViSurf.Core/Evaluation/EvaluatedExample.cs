using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>An example with a policy's answers to it: what metrics are taken over and what intervals resample.</summary>
/// <param name="Example">The example.</param>
/// <param name="Completions">At least one, in the order in which they were drawn.</param>
/// <exception cref="ArgumentException">There are no completions.</exception>
public sealed record EvaluatedExample(VisionExample Example, IReadOnlyList<Completion> Completions)
{
    /// <summary>The answers, at least one.</summary>
    public IReadOnlyList<Completion> Completions { get; init => field = NotEmpty(value); } = NotEmpty(Completions);

    /// <summary>The first answer; with a greedy policy the only one.</summary>
    public Completion Completion => Completions[0];

    /// <summary>The data set that the example is of: reports have a part for each.</summary>
    /// <value>Empty: there is one, and it has no name.</value>
    public string Source { get; init => field = Guard.NotNull(value); } = "";

    private static IReadOnlyList<Completion> NotEmpty(IReadOnlyList<Completion> completions)
        => Guard.NotNull(completions).Count > 0 ? completions : throw new ArgumentException("Expected at least one completion, got none.", nameof(completions));
}
