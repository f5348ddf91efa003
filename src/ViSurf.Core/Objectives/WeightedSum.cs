using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>A term of a <see cref="WeightedSum"/>.</summary>
/// <param name="Objective">Its loss.</param>
/// <param name="Coefficient">What its loss is multiplied with at each step.</param>
public sealed record ObjectiveTerm(IObjective Objective, CoefficientSchedule Coefficient)
{
    /// <summary>A term with a fixed coefficient.</summary>
    public ObjectiveTerm(IObjective objective, double coefficient = 1)
        : this(objective, Objectives.Coefficient.Constant(coefficient))
    {
    }
}

/// <summary>Σ coefficient × loss. Metrics are the terms' own, without the coefficients; a name that came before gets the term's number behind it.</summary>
public sealed class WeightedSum : IObjective, IDescribed, IWrapper
{
    /// <summary>A sum of at least one term.</summary>
    /// <exception cref="ArgumentException">There is no term.</exception>
    public WeightedSum(params IReadOnlyList<ObjectiveTerm> terms)
        => Terms = Guard.NotNull(terms).Count > 0 ? terms : throw new ArgumentException("Expected at least one term, got none.", nameof(terms));

    /// <summary>The terms, in order.</summary>
    public IReadOnlyList<ObjectiveTerm> Terms { get; }

    string IDescribed.Description => FormattableString.Invariant(
        $"WeightedSum({string.Join(" + ", Terms.Select(t => $"{ScheduleText.Of(t.Coefficient.Invoke)} × {Descriptions.Of(t.Objective)}"))})");

    IEnumerable<object> IWrapper.Inner => Terms.Select(term => term.Objective);

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var loss = zeros([], Guard.NotNull(current).LogProbs.dtype, current.LogProbs.device);
        var metrics = new List<(string Name, Tensor Value)>();
        for (var i = 0; i < Terms.Count; i++)
        {
            using var result = Terms[i].Objective.Evaluate(current, batch);
            loss = loss.Plus(result.Loss.Times(Terms[i].Coefficient(batch.Step)));
            foreach (var (name, value) in result.Metrics)
                metrics.Add((metrics.Exists(m => m.Name == name) ? $"{name}_{i + 1}" : name, value.alias()));
        }
        return ObjectiveScope.Result(loss, metrics);
    }
}
