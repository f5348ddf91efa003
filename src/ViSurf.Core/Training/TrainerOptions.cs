using ViSurf.Core.Common;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>
/// Sizes, limits and the seed of a run. What method is trained is not an option but a choice of parts; see <see cref="TrainerParts"/>.
/// Compare runs with <c>options with { GroupSize = 4 }</c>. A value out of its range is refused where it is set.
/// </summary>
public sealed record TrainerOptions
{
    internal const int ResponseLimit = 2000;

    private readonly int? _maxLabelTokens;

    /// <summary>G, rollouts per prompt; not used when there is no sampler (supervised fine-tuning).</summary>
    /// <value>
    /// 8, as in ViSurf and its ancestors. At least 1: a rollout and a label are a group of two. A rollout alone has advantage 0, so a
    /// <see cref="Trainer"/> refuses 1 where no label can join, unless its estimator compares over the step
    /// (<c>AdvantageEstimators.ReinforcePlusPlus(baseline: false)</c>).
    /// </value>
    public int GroupSize { get; init => field = Guard.Positive(value); } = 8;

    /// <summary>
    /// Divides the logits when completions are scored, from 1e-6 to 1e6. It must be the temperature of the sampler, or ρ is not 1 at the
    /// start.
    /// </summary>
    /// <value>1.0, so that rollouts come from the very distribution that the objective differentiates.</value>
    public double Temperature { get; init => field = Guard.InRange(value, SamplingOptions.LeastTemperature, 1e6); } = 1.0;

    /// <summary>Most tokens of a rollout, the stop token included.</summary>
    /// <value>2000, the response limit of VisionReasoner, ViSurf's ancestor.</value>
    public int MaxNewTokens { get; init => field = Guard.Positive(value); } = ResponseLimit;

    /// <summary>Most tokens of a prompt, pictures included. A longer one is an error that names the example, not cut in silence.</summary>
    /// <value>1300: an 840 × 840 picture is 900 tokens of a Qwen-VL prompt.</value>
    public int MaxPromptTokens { get; init => field = Guard.Positive(value); } = 1300;

    /// <summary>
    /// Most tokens of a label, the stop token included. A longer one is an error that names the example, before anything is sampled: its
    /// score takes memory in the square of its length.
    /// </summary>
    /// <value>
    /// <see cref="MaxNewTokens"/>, or 2000 where that is less: a label as long as a rollout may be is what a policy can be taught to write,
    /// and short rollouts do not make labels short.
    /// </value>
    public int MaxLabelTokens
    {
        get => _maxLabelTokens ?? Math.Max(MaxNewTokens, ResponseLimit);
        init => _maxLabelTokens = Guard.Positive(value);
    }

    /// <summary>Prompts a data cursor should hand to one step. <see cref="Trainer.Step"/> takes any number.</summary>
    /// <value>16.</value>
    public int PromptsPerStep { get; init => field = Guard.Positive(value); } = 16;

    /// <summary>
    /// Optimizer updates for each batch of rollouts. With 1, π_old is the current policy and is not computed; with more,
    /// π_old is scored once before the first update, for rollouts and labels alike.
    /// </summary>
    /// <value>1: the ratio is then 1 and no clip acts.</value>
    public int UpdatesPerRollout { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>
    /// Token budget of a micro-batch, a prompt counted once however many rows share it. What counts as a token is what the policy computes
    /// (<c>IPolicy.Layout</c>): a Qwen-VL policy packs, so real tokens; others prompts × longest prompt + rows × longest completion. It
    /// bounds memory and never changes the gradient.
    /// </summary>
    /// <value>16384.</value>
    public int MicroBatchTokens { get; init => field = Guard.Positive(value); } = 16_384;

    /// <summary>Most rows of a micro-batch, for a policy that repeats the prompt for each row. It never changes the gradient.</summary>
    /// <value>No limit.</value>
    public int MicroBatchRows { get; init => field = Guard.Positive(value); } = int.MaxValue;

    /// <summary>Gradients are scaled down to this global norm. <see cref="double.PositiveInfinity"/> turns clipping off.</summary>
    /// <value>1.0.</value>
    public double MaxGradientNorm { get; init => field = Guard.Positive(value); } = 1.0;

    /// <summary>Whether policies also compute token entropies, for an objective that asks for them.</summary>
    /// <value>false: it costs a second pass over the logits.</value>
    public bool WithEntropy { get; init; }

    /// <summary>
    /// Every so many steps (0, k, 2k, …) the first update also measures the gradient that comes from labels and the one that comes from rollouts,
    /// before the update itself, which it does not change. Such an update takes about three times as long and no more memory.
    /// </summary>
    /// <value>0: never.</value>
    public int MeasureGradientsEvery { get; init => field = Guard.NotNegative(value); }

    /// <summary>Root of every random number of the run.</summary>
    /// <value>0.</value>
    public long Seed { get; init; }
}
