namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// Every metric with its definition. TRL's names are those of its <c>GRPOTrainer</c> at f2cd577, EasyR1's those at b44b311; a name stands there only
/// where the number is the same one for rollouts without labels. Where labels are in the groups, what is a mean over tokens of the objective
/// (<c>kl</c>, <c>clip_ratio/*</c>, <c>approx_kl</c>) counts their tokens too.
/// </summary>
public static class MetricCatalog
{
    /// <summary>In the order in which <see cref="StepMetrics"/> gives them.</summary>
    public static IReadOnlyList<MetricDefinition> All { get; } =
    [
        new("loss", "1", "The whole step's loss, mean over the step's updates. With one update it is 0 up to normalisation, so its size says little", "loss"),
        new("grad_norm", "1", "Global 2-norm of the gradient before clipping, mean over updates", "grad_norm", "actor/grad_norm"),
        new("learning_rate", "1", "Rate of the step's last update", "learning_rate", "actor/lr"),
        new("policy_loss", "1", "The policy-gradient term alone", "policy_loss", "actor/pg_loss"),
        new("nll", "nats", "Negative log-likelihood of label tokens (supervised terms)", "loss"),
        new("entropy", "nats", "Mean entropy of the policy at its own tokens, of the groups that were scored; needs `WithEntropy`", "entropy"),
        new("kl", "nats", "KL estimate against the reference, mean over tokens, without its coefficient", "kl", "actor/kl_loss"),
        new("approx_kl", "nats", "k3 estimate of KL(π_old ‖ π_θ), mean over tokens; 0 in a step's first update"),
        new("ratio", "1", "Mean of π_θ/π_old over the policy's own tokens, of the groups that were scored; 1 in a step's first update unless rollouts are replayed"),
        new("clip_ratio/low_mean", "1", "Fraction of tokens with Â < 0 and ρ < 1 − ε_low", "clip_ratio/low_mean"),
        new("clip_ratio/high_mean", "1", "Fraction of tokens with Â > 0 and ρ > 1 + ε_high", "clip_ratio/high_mean"),
        new("clip_ratio/region_mean", "1", "Fraction of tokens whose gradient the clip removed: both of the above", "clip_ratio/region_mean", "actor/pg_clipfrac_higher"),
        new("sampling/sampling_logp_difference/mean", "nats", "Mean |log π(sampler) − log π(scored)| per rollout token, first update, where the sampler gives log-probabilities", "sampling/sampling_logp_difference/mean"),
        new("sampling/sampling_logp_difference/max", "nats", "The largest such difference", "sampling/sampling_logp_difference/max"),
        new("updates", "updates", "Optimizer updates the step made"),
        new("skipped_updates", "updates", "Updates skipped since the trainer was made because loss or gradient was not finite"),
        new("objective/{name}", "1", "A number of the objective that has no name above, mean over updates"),
        new("reward", "reward", "Mean total of the rollouts, labels left out", "reward", "critic/rewards/mean"),
        new("reward_std", "reward", "Standard deviation (n − 1) of the totals of all rollouts of the step", "reward_std"),
        new("reward_group_std", "reward", "Standard deviation (n − 1) within a group's rollouts, mean over groups (TRL's `reward_std` until 0.2x)"),
        new("frac_reward_zero_std", "1", "Fraction of groups whose rollouts all have the same total", "frac_reward_zero_std"),
        new("frac_completions_unjudged", "1", "Fraction of rollouts that no reward could judge (a judge that did not answer): "
            + "they are in no mean and have advantage 0"),
        new("frac_groups_neutral", "1", "Fraction of groups in which every advantage is 0, label included: nothing was learnt from them"),
        new("groups_skipped", "groups", "Groups that nothing was learnt from, each with its reason in `StepReport.SkippedGroups`"),
        new("rewards/{name}/mean", "reward", "Mean of one reward over the rollouts it applies to, before its weight", "rewards/{name}/mean", "reward/{name}"),
        new("rewards/{name}/std", "reward", "Standard deviation (n − 1) over those rollouts", "rewards/{name}/std"),
        new("rewards/{name}/applies", "1", "Fraction of the rollouts it applies to"),
        new("gt/reward", "reward", "Mean total of the labels as the rewards judged them, before reward control"),
        new("gt/advantage", "1", "Mean advantage of the labels that the step learns from; a smoothed one counts as 0"),
        new("gt/logp", "nats", "Mean over scored labels of the mean log-probability of a label's tokens: how likely the policy finds the label"),
        new("gt/ratio", "1", "Mean over scored labels of the mean of π_θ/π_old over a label's tokens; 1 with one update per rollout batch"),
        new("gt/entropy", "nats", "Mean entropy of the policy at tokens that labels wrote; needs `WithEntropy`"),
        new("gt/win_rate", "1", "Mean over groups of the fraction of rollouts whose total is below the label's, equal ones counted half; before reward control"),
        new("gt/smoothed_frac", "1", "Fraction of the labels that reward control smoothed away because a rollout did as well"),
        new("gt/rescued_groups", "groups", "Groups whose rollouts all have the same total, so that alone they would teach nothing, and whose label has an advantage"),
        new("gt/weight", "1", "Σ Â_y/(G+1), mean over prompts: the weight of supervision in the gradient (ViSurf objective)"),
        new("gt/grad_norm", "1", "2-norm of the part of the gradient that flows through tokens that labels wrote (measured steps only)"),
        new("gt/grad_share", "1", "`gt/grad_norm` / (`gt/grad_norm` + `rollouts/grad_norm`)"),
        new("rollouts/grad_norm", "1", "2-norm of the part of the gradient that flows through all other tokens (measured steps only)"),
        new("rollouts/grad_share", "1", "1 − `gt/grad_share`"),
        new("gt/grad_cosine", "1", "Cosine between the two parts: below 0, labels and rollouts pull against each other"),
        new("completions/mean_length", "tokens", "Mean tokens of a rollout, its stop token included", "completions/mean_length", "response_length/mean"),
        new("completions/min_length", "tokens", "Shortest rollout", "completions/min_length", "response_length/min"),
        new("completions/max_length", "tokens", "Longest rollout", "completions/max_length", "response_length/max"),
        new("completions/clipped_ratio", "1", "Fraction of rollouts that ended at the token limit", "completions/clipped_ratio", "response_length/clip_ratio"),
        new("completions/mean_terminated_length", "tokens", "Mean over the rollouts that stopped by themselves; absent when none did", "completions/mean_terminated_length"),
        new("completions/min_terminated_length", "tokens", "Shortest of those", "completions/min_terminated_length"),
        new("completions/max_terminated_length", "tokens", "Longest of those", "completions/max_terminated_length"),
        new("gt/mean_length", "tokens", "Mean tokens of a label"),
        new("prompt_length/mean", "tokens", "Mean tokens of a prompt, pictures included", null, "prompt_length/mean"),
        new("prompt_length/max", "tokens", "Longest prompt", null, "prompt_length/max"),
        new("entropy_sampled", "nats", "Minus the mean of the sampler's log-probabilities of its own tokens: an estimate of the entropy that costs nothing, without bias when neither top-p nor top-k filters", null, "actor/entropy_loss"),
        new("timing_s/encode", "s", "Pictures and text to tensors"),
        new("timing_s/gen", "s", "Sampling and decoding to text", null, "timing_s/gen"),
        new("timing_s/reward", "s", "Rewards, control and advantages", null, "timing_s/reward"),
        new("timing_s/update_actor", "s", "Scoring, backward, optimizer; old and reference log-probabilities included", null, "timing_s/update_actor"),
        new("timing_s/step", "s", "All of them", "step_time", "timing_s/step"),
        new("perf/total_num_tokens", "tokens", "Tokens of all sequences, the prompt counted for each completion, as systems count that repeat it", null, "perf/total_num_tokens"),
        new("perf/throughput", "tokens/s", "`perf/total_num_tokens` / `timing_s/step`", null, "perf/throughput"),
        new("perf/gen_throughput", "tokens/s", "Rollout tokens / `timing_s/gen`"),
        new("mem/host_gb", "GB", "Resident memory of the process at the end of the step"),
        new("mem/device_gb", "GB", "Memory in use on the policy's CUDA device by the driver's count, other programs included; absent on the CPU"),
    ];

    /// <summary>The definition of a metric, or null for one that is not ours (an evaluation's).</summary>
    /// <param name="name">As <see cref="StepMetrics"/> gives it: with a reward's name in the place of <c>{name}</c>.</param>
    public static MetricDefinition? Find(string name) => All.FirstOrDefault(definition => definition.Part(name) is not null);
}
