using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

/// <summary>
/// Turns the rewards of a step into advantages: one number per completion, in order, per group. It sees all groups of the step so that a
/// whole-batch standard deviation is possible. A completion that is marked <see cref="CompletionScore.Neutral"/>, or that nothing judged
/// (<see cref="CompletionScore.IsScored"/> is false, its total is not a number), gets exactly 0.
/// </summary>
public delegate IReadOnlyList<double[]> AdvantageEstimator(IReadOnlyList<ScoredGroup> groups);
