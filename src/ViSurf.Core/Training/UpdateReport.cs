namespace ViSurf.Core.Training;

/// <summary>One optimizer update.</summary>
/// <param name="Loss">The whole step's loss, summed over micro-batches. Its size says little: with one update it is 0 up to normalisation.</param>
/// <param name="GradientNorm">Global norm before clipping.</param>
/// <param name="LearningRate">The rate this update used (or would have used).</param>
/// <param name="Metrics">
/// The objective's metrics by name, and what is measured whatever the objective, over the rows that were scored (not those of skipped groups):
/// <c>label_log_prob</c> and <c>label_ratio</c>, means over labels of their token means; <c>rollout_ratio</c>, mean of π_θ/π_old over the policy's own
/// tokens; <c>rollout_entropy</c> and <c>label_entropy</c>, means over tokens in nats, where entropy is scored; in the first update <c>sampler_drift</c> and <c>sampler_drift_max</c>, mean and largest |difference| of
/// the sampler's and the trainer's log-probability of a rollout token in nats, where the sampler gives its own; and, in a measured step
/// (<see cref="TrainerOptions.MeasureGradientsEvery"/>), <c>label_gradient_norm</c> and <c>rollout_gradient_norm</c>.
/// </param>
/// <param name="Skipped">Why no update was made; null when it was.</param>
public sealed record UpdateReport(
    double Loss, double GradientNorm, double LearningRate, IReadOnlyDictionary<string, double> Metrics, SkippedUpdate? Skipped);

/// <summary>An update that was not made: weights, optimizer state and learning-rate schedule are as they were.</summary>
/// <param name="Reason">What was not finite.</param>
/// <param name="ExampleIds">Examples of the micro-batches whose loss was not finite; all of the update when only the gradient was.</param>
public sealed record SkippedUpdate(string Reason, IReadOnlyList<string> ExampleIds);
