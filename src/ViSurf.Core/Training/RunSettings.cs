using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>
/// The options that change what a run means, as texts by name: what a checkpoint records and a resumed run is compared with. Sizes that only decide
/// memory (<see cref="TrainerOptions.MicroBatchTokens"/>, <see cref="TrainerOptions.MicroBatchRows"/>, a sampler's token budget) are not among them: a run may
/// go on with others, and then agrees up to rounding instead of bit for bit.
/// </summary>
/// <remarks>
/// Parts describe themselves (<see cref="IDescribed"/>), through whatever wraps them; of one that does not, the name of its class is
/// compared. A coefficient that moves is compared at a few steps, as it is when the run is made. Lambdas and the inside of an estimator
/// cannot be read: put numbers of one's own into <see cref="TrainingRunOptions.Settings"/>.
/// </remarks>
public static class RunSettings
{
    // A schedule is a function: it is compared where it is asked most.
    private static readonly long[] Probes = [0, 1, 10, 100, 1000, 10_000, 100_000];

    /// <summary>The settings of a trainer.</summary>
    public static IReadOnlyDictionary<string, string> Of(TrainerParts parts, TrainerOptions options)
    {
        var (adam, settings) = (Guard.NotNull(parts).Optimizer.Options, new SortedDictionary<string, string>(StringComparer.Ordinal));
        Guard.NotNull(options);
        Add("group_size", options.GroupSize);
        Add("temperature", options.Temperature);
        Add("max_new_tokens", options.MaxNewTokens);
        Add("max_prompt_tokens", options.MaxPromptTokens);
        Add("max_label_tokens", options.MaxLabelTokens);
        Add("prompts_per_step", options.PromptsPerStep);
        Add("updates_per_rollout", options.UpdatesPerRollout);
        Add("max_gradient_norm", options.MaxGradientNorm);
        Add("with_entropy", options.WithEntropy);
        Add("seed", options.Seed);
        Add("adamw.beta1", adam.Beta1);
        Add("adamw.beta2", adam.Beta2);
        Add("adamw.epsilon", adam.Epsilon);
        Add("adamw.weight_decay", adam.WeightDecay);
        Add("adamw.decay_vectors", adam.DecayVectors);
        Add("adamw.master_weights", adam.MasterWeights);
        Add("adamw.state_type", adam.StateType);
        Add("adamw.learning_rate", string.Join(", ", Probes.Select(update => string.Create(CultureInfo.InvariantCulture, $"{update}: {adam.LearningRate(update)}"))));
        Add("objective", Descriptions.Of(parts.Objective));
        Add("controller", Descriptions.Of(parts.Controller));
        Add("group_policy", Descriptions.Of(parts.Groups));
        Add("labels_in_groups", parts.Demonstrations is not null);
        Add("skip_neutral_groups", parts.SkipNeutralGroups);
        Add("reference", Descriptions.Of(parts.Reference));
        Add("rewards", parts.Suite is null ? "none" : string.Join(", ", parts.Suite.Rewards.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Function.Name} × {r.Weight}"))));
        Add("sampler", Descriptions.Of(parts.Sampler));
        if (parts.RewardKl is { } kl) Add("reward_kl", Descriptions.Of(kl));
        if (parts.Focus is { } focus)
            Add("focus", string.Create(CultureInfo.InvariantCulture, $"{focus.Fraction}{(focus.LabelTokensOnly ? ", labels only" : "")}"));
        return settings;

        void Add(string name, object value) => settings.Add(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
    }

    /// <summary>Passes when two runs mean the same.</summary>
    /// <param name="saved">Of the checkpoint.</param>
    /// <param name="now">Of this run.</param>
    /// <param name="mayDiffer">Names that may differ.</param>
    /// <param name="directory">The checkpoint, for the message.</param>
    /// <exception cref="InvalidDataException">They do not; lists every setting that differs.</exception>
    internal static void EnsureSame(
        IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> now, IReadOnlyCollection<string> mayDiffer, string directory)
    {
        var problems = Differences(saved, now).Where(d => !mayDiffer.Contains(d.Name)).Select(d => $"{d.Name}: '{d.Saved}' in the checkpoint, '{d.Now}' now").ToArray();
        if (problems.Length > 0)
            throw new InvalidDataException($"The checkpoint '{directory}' was made with other options ({problems.Length} differ):\n{ProblemList.Lines(problems)}\n"
                + "Use its options, name what may differ in TrainingRunOptions.MayDiffer, or begin a new run from its weights.");
    }

    /// <summary>Settings of two runs that are not the same, in the order of their names.</summary>
    internal static IEnumerable<(string Name, string Saved, string Now)> Differences(IReadOnlyDictionary<string, string> saved, IReadOnlyDictionary<string, string> now)
        => saved.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
            .Select(name => (name, Saved: saved.GetValueOrDefault(name, "not set"), Now: now.GetValueOrDefault(name, "not set"))).Where(d => d.Saved != d.Now);
}
