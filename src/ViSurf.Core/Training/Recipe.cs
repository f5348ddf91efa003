using ViSurf.Core.Advantages;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>
/// A published method with its numbers, as a plain value: every field can be read, and changed with <c>with</c>. It becomes a run when it meets a model and
/// rewards: <c>new Trainer(recipe.Parts(…), recipe.Options)</c>. See <see cref="Recipes"/>.
/// </summary>
public sealed record Recipe
{
    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>Where its numbers come from.</summary>
    public required string Source { get; init; }

    /// <summary>Makes the loss, without KL and entropy terms, from the numbers of this recipe.</summary>
    public required Func<Recipe, IObjective> Loss { get; init; }

    /// <summary>Clip, ratio level and aggregation of the policy gradient; the KL and entropy terms are aggregated as it says.</summary>
    /// <value>GRPO's.</value>
    public ClippedPolicyOptions Clip { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>Coefficient of a KL term in the loss; greater than 0 needs a reference.</summary>
    /// <value>0: none.</value>
    public double KlCoefficient { get; init => field = Guard.NotNegative(value); }

    /// <summary>Estimator of that term.</summary>
    /// <value><see cref="KlEstimators.K3"/>.</value>
    public KlEstimator KlEstimator { get; init => field = Guard.NotNull(value); } = KlEstimators.K3;

    /// <summary>Coefficient of an entropy bonus; greater than 0 needs <see cref="TrainerOptions.WithEntropy"/>.</summary>
    /// <value>0: none.</value>
    public double EntropyCoefficient { get; init => field = Guard.NotNegative(value); }

    /// <summary>What else the loss asks for: weights of supervised terms, shapes, temperatures.</summary>
    /// <value>The defaults of their objectives.</value>
    public LossNumbers Numbers { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>Turns rewards into advantages.</summary>
    /// <value>Group-normalised, sample deviation, ε = 1e-6.</value>
    public AdvantageEstimator Estimator { get; init => field = Guard.NotNull(value); } = AdvantageEstimators.GroupNormalized();

    /// <summary>Changes scores before advantages are computed.</summary>
    /// <value>None.</value>
    public IRewardController Controller { get; init => field = Guard.NotNull(value); } = RewardController.None;

    /// <summary>
    /// Makes the group policy of a run (one that keeps state is made anew for each).
    /// </summary>
    /// <value>Learns from all groups.</value>
    public Func<Recipe, IGroupPolicy> Groups { get; init => field = Guard.NotNull(value); } = _ => GroupPolicy.None;

    /// <summary>Rolls out groups again; see <see cref="Retries"/>.</summary>
    /// <value>null.</value>
    public RollAgain? RollAgain { get; init; }

    /// <summary>Shares of the answer that a failing group is given as a hint, attempt by attempt; see <see cref="Retries.Hinted"/>.</summary>
    /// <value>Empty: no hints.</value>
    public IReadOnlyList<double> Hints { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>A rollout with at least this total is right, for gates, hints and losses that ask.</summary>
    /// <value>1: rewards of 0 and 1, as in the papers that ask. Set it for a suite with another maximum.</value>
    public double RightFrom { get; init; } = 1;

    /// <summary>Whether rollouts are sampled.</summary>
    /// <value>true.</value>
    public bool Rollouts { get; init; } = true;

    /// <summary>Whether the label joins its group.</summary>
    /// <value>false.</value>
    public bool LabelInGroup { get; init; }

    /// <summary>How many tokens of the label a rollout begins with.</summary>
    /// <value>null: none.</value>
    public PrefixLength? Prefix { get; init; }

    /// <summary>How many rollouts of a group begin with a prefix; null for all.</summary>
    /// <value>null.</value>
    public int? PrefixedCopies { get; init => field = value is { } copies ? Guard.Positive(copies) : null; }

    /// <summary>Restricts the policy-gradient term to uncertain tokens.</summary>
    /// <value>null.</value>
    public TokenFocus? Focus { get; init; }

    /// <summary>See <see cref="TrainerParts.SkipNeutralGroups"/>: only for a loss that is proportional to the advantages.</summary>
    /// <value>false.</value>
    public bool SkipNeutralGroups { get; init; }

    /// <summary>Sizes and limits of a run.</summary>
    /// <value>The defaults.</value>
    public TrainerOptions Options { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>Learning rate and decay, for <c>new AdamWOptimizer(policy.Module, recipe.Optimizer)</c>.</summary>
    /// <value>The defaults.</value>
    public AdamWOptions Optimizer { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>The whole objective: the loss with its KL and entropy terms.</summary>
    public IObjective Objective()
    {
        var objective = Loss(this);
        if (KlCoefficient > 0) objective = new KlPenalty(objective, KlCoefficient, Clip.Aggregation, KlEstimator);
        if (EntropyCoefficient > 0) objective = new EntropyBonus(objective, EntropyCoefficient, Clip.Aggregation);
        return objective;
    }

    /// <summary>The parts of a run.</summary>
    /// <param name="encoder">Text and pictures to tokens, and back.</param>
    /// <param name="policy">The policy to train.</param>
    /// <param name="sampler">Draws rollouts; may be null for a recipe without them, which does not use it.</param>
    /// <param name="suite">Judges rollouts; may be null for a recipe without them.</param>
    /// <param name="optimizer">Holds the policy's parameters; make it with <see cref="Optimizer"/>.</param>
    /// <param name="format">How labels are written; null for the default.</param>
    /// <param name="reference">For <see cref="KlCoefficient"/>; not used without it.</param>
    /// <exception cref="ArgumentException">The recipe has a KL term and there is no reference, or rollouts and no sampler.</exception>
    public TrainerParts Parts(
        IPromptEncoder encoder, IPolicy policy, IRolloutSampler? sampler, RewardSuite? suite, AdamWOptimizer optimizer,
        LabelFormat? format = null, IPolicy? reference = null)
    {
        if (KlCoefficient > 0 && reference is null)
            throw new ArgumentException($"Expected a reference policy for the KL term of {Name}, got none. Give one, or set KlCoefficient = 0.", nameof(reference));
        if (Rollouts && sampler is null)
            throw new ArgumentException($"Expected a sampler for the rollouts of {Name}, got none.", nameof(sampler));
        var demonstrations = new DemonstrationInjector(encoder, format);
        return new TrainerParts
        {
            Encoder = encoder,
            Policy = policy,
            Sampler = !Rollouts ? null : Prefix is null ? sampler : new PrefixSampler(sampler!, demonstrations, Prefix, PrefixedCopies),
            Demonstrations = LabelInGroup ? demonstrations : null,
            Suite = suite,
            Controller = Controller,
            Estimator = Estimator,
            Objective = Objective(),
            Optimizer = optimizer,
            Reference = KlCoefficient > 0 ? reference : null,
            RollAgain = RollAgain ?? (Hints.Count > 0 ? Retries.Hinted(RightFrom, format ?? new LabelFormat(), Hints) : null),
            Groups = Groups(this),
            Focus = Focus,
            SkipNeutralGroups = SkipNeutralGroups,
        }.Validated();
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
