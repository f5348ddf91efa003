using ViSurf.Core.Advantages;
using ViSurf.Core.Objectives;
using ViSurf.Core.RewardControl;

namespace ViSurf.Core.Training;

/// <summary>
/// Methods and trainers by the names people know. Plain values: <c>Recipes.Dapo with { KlCoefficient = 1e-3 }</c>. Numbers that a source leaves open are
/// the library's defaults. The methods that learn from labels too are in RecipesWithLabels.cs.
/// </summary>
/// <remarks>
/// A <see cref="Recipe.Source"/> that names a repository was compared with that repository's files; one that names papers alone rests on the paper's text or
/// on how others quote it, and says so where it is the latter. Reference trainers often cut one batch of rollouts into several updates over its parts;
/// here an update is over the whole batch, and <see cref="TrainerOptions.UpdatesPerRollout"/> repeats it.
/// </remarks>
public static partial class Recipes
{
    /// <summary>GRPO as published: clip 0.2, KL 0.04 (k3), sample deviation, learning rate 1e-6.</summary>
    public static Recipe Grpo { get; } = new()
    {
        Name = "GRPO",
        Source = "arXiv 2402.03300, §4.2: lr 1e-6, KL coefficient 0.04, one update per batch (its 64 rollouts per prompt are an option, GroupSize). From the paper's text",
        Loss = Clipped,
        KlCoefficient = 0.04,
    };

    /// <summary>What TRL's <c>GRPOTrainer</c> does when nothing is set: token mean over the step, no KL, ε = 1e-4, no weight decay.</summary>
    public static Recipe TrlGrpo { get; } = new()
    {
        Name = "TRL GRPO",
        Source = "TRL f2cd577: loss_type dapo, epsilon 0.2, beta 0, scale_rewards group with 1e-4, num_generations 8, lr 1e-6, max_completion_length 512; "
            + "transformers: weight_decay 0, max_grad_norm 1, learning rate falling linearly (set Optimizer.LearningRate, which needs the length of the run)",
        Loss = Clipped,
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        Estimator = AdvantageEstimators.GroupNormalized(1e-4),
        SkipNeutralGroups = true,
        Options = new TrainerOptions { MaxNewTokens = 512 },
        Optimizer = new AdamWOptions { WeightDecay = 0 },
    };

    /// <summary>EasyR1's defaults: clip 0.2/0.3 with dual clip 3, KL 1e-2 (k3), token mean.</summary>
    public static Recipe EasyR1 { get; } = new()
    {
        Name = "EasyR1",
        Source = "EasyR1 b44b311: ActorConfig clip_ratio_low 0.2, clip_ratio_high 0.3, clip_ratio_dual 3.0, loss_avg_mode token; examples/config.yaml kl_coef 1e-2 "
            + "low_var_kl in the loss, n 5, lr 1e-6, weight_decay 1e-2, max_grad_norm 1, 2048 response tokens, 2048 prompt tokens, 512 prompts a step "
            + "(there in four updates of 128 prompts, here in one)",
        Loss = Clipped,
        Clip = new ClippedPolicyOptions { ClipLow = 0.2, ClipHigh = 0.3, RatioCap = 3, Aggregation = LossAggregation.TokenMean },
        KlCoefficient = 1e-2,
        Options = new TrainerOptions { GroupSize = 5, MaxNewTokens = 2048, MaxPromptTokens = 2048, PromptsPerStep = 512 },
    };

    /// <summary>Seg-Zero and VisionReasoner, ViSurf's ancestors: GRPO with token mean, KL 1e-2 (k3), entropy 1e-3, 8 rollouts of 16 prompts.</summary>
    public static Recipe SegZero { get; } = new()
    {
        Name = "Seg-Zero",
        Source = "dvlab-research/Seg-Zero, training_scripts/run_visionreasoner_7b.sh and visionreasoner_7b.yaml: kl_loss_coef 1e-2, n 8, temperature 1.0, "
            + "rollout_batch_size 16, lr 1e-6, weight_decay 1e-2, max_grad_norm 1; verl/workers/actor/config.py: clip_ratio 0.2, entropy_coeff 1e-3; "
            + "verl/trainer/core_algos.py: symmetric clip, mean over tokens",
        Loss = Clipped,
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        KlCoefficient = 1e-2,
        EntropyCoefficient = 1e-3,
        Options = new TrainerOptions { GroupSize = 8, PromptsPerStep = 16, MaxPromptTokens = 1300, MaxNewTokens = 2000, WithEntropy = true },
    };

    /// <summary>
    /// DAPO: clip 0.2/0.28, token mean, no KL, groups that teach nothing are left out, overlong shaping and cut rollouts out of the loss. Its dynamic
    /// sampling draws other prompts for those groups, which only the data set can give: <c>with { RollAgain = Retries.Uniform(10, fresh) }</c>.
    /// Another response limit wants another <see cref="OverlongShaping"/>.
    /// </summary>
    public static Recipe Dapo { get; } = new()
    {
        Name = "DAPO",
        Source = "arXiv 2503.14476, §4.1: clip 0.2 and 0.28, 16 rollouts, 20480 tokens with a buffer of 4096, lr 1e-6, 512 prompts a step "
            + "(there in 16 updates, here in one); §3.4 overlong filtering and shaping. From the paper's text",
        Loss = Clipped,
        Clip = ClippedPolicyOptions.Dapo,
        Controller = RewardController.Chain(new OverlongShaping(20_480, 4096), new NeutralizeTruncated()),
        Groups = _ => GroupPolicy.SkipUniform,
        Options = new TrainerOptions { GroupSize = 16, MaxNewTokens = 20_480, PromptsPerStep = 512 },
    };

    /// <summary>Dr. GRPO: no division by deviation or length, no KL.</summary>
    public static Recipe DrGrpo { get; } = new()
    {
        Name = "Dr. GRPO",
        Source = "arXiv 2503.20783: constant normaliser, advantages without deviation, KL 0, 8 rollouts, lr 1e-6. From the paper as others quote it",
        Loss = Clipped,
        Clip = ClippedPolicyOptions.DrGrpo,
        Estimator = AdvantageEstimators.MeanCentered(),
        SkipNeutralGroups = true,
    };

    /// <summary>GSPO: sequence ratios in a clip of 3e-4 and 4e-4. With one update per batch of rollouts the clip never acts.</summary>
    public static Recipe Gspo { get; } = new()
    {
        Name = "GSPO",
        Source = "arXiv 2507.18071, §5.1, as TRL's paper index quotes it: clip 3e-4 and 4e-4, each batch in four mini-batches (here: UpdatesPerRollout = 4 over the whole batch)",
        Loss = Clipped,
        Clip = ClippedPolicyOptions.Gspo,
        SkipNeutralGroups = true,
        Options = new TrainerOptions { UpdatesPerRollout = 4 },
    };

    /// <summary>LUSPO: GSPO without its length bias.</summary>
    public static Recipe Luspo { get; } = Gspo with
    {
        Name = "LUSPO",
        Source = "arXiv 2602.05261, §5.1, as TRL's paper index quotes it: clip 2e-3 and 2.5e-3; the rest as GSPO",
        Clip = ClippedPolicyOptions.Luspo,
    };

    /// <summary>CISPO with ScaleRL's numbers: weight capped at 5, whole-step deviation, 16 rollouts.</summary>
    public static Recipe Cispo { get; } = new()
    {
        Name = "CISPO",
        Source = "arXiv 2506.13585 (method); arXiv 2510.13786 as TRL's paper index gives it: epsilon_high 5, 16 rollouts, scale_rewards batch",
        Loss = recipe => new CispoObjective(recipe.Numbers.WeightCap, recipe.Clip.Aggregation),
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        Estimator = AdvantageEstimators.GroupNormalized(1e-4, StandardDeviation.Batch),
        SkipNeutralGroups = true,
        Options = new TrainerOptions { GroupSize = 16 },
    };

    /// <summary>SAPO: a sigmoid for a clip, temperatures 1.0 and 1.05.</summary>
    public static Recipe Sapo { get; } = new()
    {
        Name = "SAPO",
        Source = "arXiv 2511.20347 with TRL's defaults: τ 1.0 and 1.05; several updates per batch, or its gate is always open",
        Loss = recipe => new SapoObjective(recipe.Numbers.Temperatures.Positive, recipe.Numbers.Temperatures.Negative, recipe.Clip.Aggregation),
        SkipNeutralGroups = true,
        Options = new TrainerOptions { UpdatesPerRollout = 4 },
    };

    /// <summary>VESPO: a smooth weight on the whole sequence's ratio.</summary>
    public static Recipe Vespo { get; } = new()
    {
        Name = "VESPO",
        Source = "arXiv 2602.10693 with TRL's defaults: k 2 and λ 3 for Â ≥ 0, k 3 and λ 2 for Â < 0, token mean",
        Loss = recipe => new VespoObjective(recipe.Numbers.Shapes.Positive, recipe.Numbers.Shapes.Negative, recipe.Clip.Aggregation),
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        SkipNeutralGroups = true,
        Options = new TrainerOptions { UpdatesPerRollout = 4 },
    };

    /// <summary>RLOO: REINFORCE on whole sequences against the mean of the other rollouts.</summary>
    public static Recipe Rloo { get; } = new()
    {
        Name = "RLOO",
        Source = "arXiv 2402.14740: leave-one-out baseline, the gradient of the sequence's log-probability; 4 rollouts (its k = 2 and 4). From the paper as others quote it",
        Loss = recipe => new SurrogateObjective(Surrogates.PolicyGradient, recipe.Clip.Aggregation),
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.SequenceSum },
        Estimator = AdvantageEstimators.LeaveOneOut(),
        SkipNeutralGroups = true,
        Options = new TrainerOptions { GroupSize = 4 },
    };

    /// <summary>REINFORCE++-baseline: distances from the group's mean, whitened over the step.</summary>
    public static Recipe ReinforcePlusPlus { get; } = new()
    {
        Name = "REINFORCE++",
        Source = "arXiv 2501.03262 and verl reinforce_plus_plus_baseline: token-whitened over the step with 1e-8; clip 0.2, token mean",
        Loss = Clipped,
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        Estimator = AdvantageEstimators.ReinforcePlusPlus(),
        SkipNeutralGroups = true,
    };

    /// <summary>GDPO: every reward normalised by itself.</summary>
    public static Recipe Gdpo { get; } = new()
    {
        Name = "GDPO",
        Source = "arXiv 2601.05242 with TRL's ε 1e-4; the loss is TRL's default",
        Loss = Clipped,
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        Estimator = AdvantageEstimators.ComponentNormalized(),
        SkipNeutralGroups = true,
    };

    private static ClippedPolicyObjective Clipped(Recipe recipe) => new(recipe.Clip);
}
