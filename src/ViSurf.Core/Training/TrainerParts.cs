using ViSurf.Core.Advantages;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>
/// What a trainer is made of. The method is the choice of parts: rollouts and labels make ViSurf, rollouts alone GRPO, labels alone
/// supervised fine-tuning. Swap one with <c>parts with { Objective = mine }</c>. The trainer disposes none of them.
/// </summary>
public sealed record TrainerParts
{
    /// <summary>Text and pictures to tokens and patches, and back.</summary>
    public required IPromptEncoder Encoder { get; init; }

    /// <summary>The policy to train.</summary>
    public required IPolicy Policy { get; init; }

    /// <summary>Samples rollouts; null means none are sampled and labels alone are trained on.</summary>
    public required IRolloutSampler? Sampler { get; init; }

    /// <summary>Adds the label to each group; null means that labels only serve the rewards.</summary>
    public required DemonstrationInjector? Demonstrations { get; init; }

    /// <summary>Scores completions; may be null when there is no sampler, then every total is 0.</summary>
    public required RewardSuite? Suite { get; init; }

    /// <summary>Changes scores before advantages are computed.</summary>
    public required IRewardController Controller { get; init; }

    /// <summary>Turns scores into advantages.</summary>
    public required AdvantageEstimator Estimator { get; init; }

    /// <summary>The loss.</summary>
    public required IObjective Objective { get; init; }

    /// <summary>Holds the policy's parameters.</summary>
    public required AdamWOptimizer Optimizer { get; init; }

    /// <summary>Frozen policy for a KL term in the loss.</summary>
    /// <value>null: ViSurf and the presets have no KL term.</value>
    public IPolicy? Reference { get; init; }

    /// <summary>A KL term in the reward.</summary>
    /// <value>null.</value>
    public RewardKl? RewardKl { get; init; }

    /// <summary>Asked after each rollout of a group whether to roll it out again, as another example or with a hint; see <see cref="Retries"/>.</summary>
    /// <value>null: every group is rolled out once.</value>
    public RollAgain? RollAgain { get; init; }

    /// <summary>Decides what is learnt from, with all groups in view; see <see cref="GroupPolicy"/>.</summary>
    /// <value><see cref="GroupPolicy.None"/>: from all.</value>
    public IGroupPolicy Groups { get; init => field = Guard.NotNull(value); } = GroupPolicy.None;

    /// <summary>Restricts the policy-gradient term to uncertain tokens.</summary>
    /// <value>null: it acts on all tokens.</value>
    public TokenFocus? Focus { get; init; }

    /// <summary>
    /// Called with each step's report when the step is done, in order: where references follow, coefficients adapt and buffers fill. See
    /// <see cref="AfterStepActions"/>.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<Action<StepReport>> AfterStep { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>
    /// What has state beyond the policy and the optimizer (a replay buffer, an adaptive coefficient, a second optimizer), so that a
    /// <see cref="TrainingRun"/> saves and resumes it. A <see cref="Reference"/> that is a moving average is saved without being listed.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<CheckpointPart> State { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>
    /// Is told, once, before the first step computes anything, when that step may need more memory than is free: by how much, and what to
    /// lower. For a console or a log. A policy that says nothing of its memory (<see cref="IPolicy.Memory"/>) is not looked at.
    /// </summary>
    /// <value>null: in a <see cref="TrainingRun"/> its own <see cref="TrainingRunOptions.Say"/> is told.</value>
    public Action<string>? Say { get; init; }

    /// <summary>
    /// Leaves groups out of scoring and backward when all their advantages are exactly 0. Exact for an objective whose gradient is
    /// proportional to the advantages, wrong for one with a KL, entropy or supervised term, hence a property of the parts.
    /// </summary>
    /// <value>false; the <see cref="ViSurf"/> and <see cref="Grpo"/> presets set it.</value>
    public bool SkipNeutralGroups { get; init; }

    /// <summary>
    /// ViSurf (arXiv 2510.10606): the label joins the rollouts of its group, its thinking reward is dropped, and it is smoothed away
    /// once a rollout does as well.
    /// </summary>
    public static TrainerParts ViSurf(
        IPromptEncoder encoder, IPolicy policy, IRolloutSampler sampler, RewardSuite suite, AdamWOptimizer optimizer, LabelFormat? format = null)
        => new()
        {
            Encoder = encoder,
            Policy = policy,
            Sampler = Guard.NotNull(sampler),
            Demonstrations = new DemonstrationInjector(encoder, format),
            Suite = Guard.NotNull(suite),
            Controller = new ViSurfRewardControl(),
            Estimator = AdvantageEstimators.GroupNormalized(),
            Objective = new ViSurfObjective(),
            Optimizer = optimizer,
            SkipNeutralGroups = true,
        };

    /// <summary>Group-relative policy optimization: <see cref="ViSurf"/> without labels in the groups and without reward control.</summary>
    public static TrainerParts Grpo(IPromptEncoder encoder, IPolicy policy, IRolloutSampler sampler, RewardSuite suite, AdamWOptimizer optimizer)
        => ViSurf(encoder, policy, sampler, suite, optimizer) with { Demonstrations = null, Controller = RewardController.None };

    /// <summary>Supervised fine-tuning: labels only, no rollouts, each with advantage 1 (nothing is compared with anything).</summary>
    public static TrainerParts Sft(IPromptEncoder encoder, IPolicy policy, AdamWOptimizer optimizer, LabelFormat? format = null)
        => new()
        {
            Encoder = encoder,
            Policy = policy,
            Sampler = null,
            Demonstrations = new DemonstrationInjector(encoder, format),
            Suite = null,
            Controller = RewardController.None,
            Estimator = groups => groups.Select(group => Enumerable.Repeat(1.0, group.Scores.Count).ToArray()).ToArray(),
            Objective = new MaximumLikelihoodObjective(),
            Optimizer = optimizer,
        };

    /// <summary>Returns these parts when they fit together.</summary>
    /// <exception cref="ArgumentNullException">A part that is always needed is null.</exception>
    /// <exception cref="ArgumentException">There is nothing to train on, or nothing to judge rollouts by.</exception>
    public TrainerParts Validated()
    {
        Guard.NotNull(Encoder);
        Guard.NotNull(Policy);
        Guard.NotNull(Controller);
        Guard.NotNull(Estimator);
        Guard.NotNull(Objective);
        Guard.NotNull(Optimizer);
        if (Sampler is null && Demonstrations is null)
            throw new ArgumentException("Expected a Sampler, a Demonstrations injector or both, got neither: there would be nothing to train on.");
        if (Sampler is not null && Suite is null)
            throw new ArgumentException("Expected a Suite to judge the rollouts of the Sampler, got null.");
        if (SkipNeutralGroups && Reference is not null)
            throw new ArgumentException(
                "Expected SkipNeutralGroups = false with a Reference: its KL term also pulls on groups whose advantages are all 0.");
        return this;
    }
}
