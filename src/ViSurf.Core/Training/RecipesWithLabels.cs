using ViSurf.Core.Advantages;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using ViSurf.Core.RewardControl;

namespace ViSurf.Core.Training;

public static partial class Recipes
{
    /// <summary>ViSurf: the label is the (G+1)-th member of its group, loses its thinking reward and is smoothed away. The same parts as <see cref="TrainerParts.ViSurf"/>.</summary>
    public static Recipe ViSurf { get; } = new()
    {
        Name = "ViSurf",
        Source = "arXiv 2510.10606, §3, as summaries of it reproduce the formulas; its code is not public. 8 rollouts, temperature 1, 16 prompts a step, lr 1e-6, "
            + "weight decay 1e-2, gradient norm 1 as in its ancestor's script (see SegZero); no KL and no entropy term",
        Loss = recipe => new ViSurfObjective(recipe.Clip),
        Controller = new ViSurfRewardControl(),
        LabelInGroup = true,
        SkipNeutralGroups = true,
    };

    /// <summary>Supervised fine-tuning on the labels.</summary>
    public static Recipe Sft { get; } = new()
    {
        Name = "SFT",
        Source = "token mean, as supervised trainers do; TRL's SFTTrainer takes lr 2e-5",
        Loss = _ => new MaximumLikelihoodObjective(),
        Estimator = AdvantageEstimators.Constant(),
        Rollouts = false,
        LabelInGroup = true,
    };

    /// <summary>DFT: supervised fine-tuning whose tokens weigh as much as the policy believes in them.</summary>
    public static Recipe Dft { get; } = Sft with { Name = "DFT", Source = "arXiv 2508.05629; TRL loss_type dft", Loss = _ => new DftObjective() };

    /// <summary>GRPO on the rollouts plus λ·SFT on the labels, λ = 1: <see cref="LossNumbers.Supervised"/>.</summary>
    public static Recipe RlPlusSft { get; } = new()
    {
        Name = "RL + SFT",
        Source = "LUFFY's baseline \"RL w/ SFT loss\" (arXiv 2504.14945): advantages of the rollouts alone, without deviation",
        Loss = recipe => new SupervisedMixture(new ClippedPolicyObjective(recipe.Clip), recipe.Numbers.Supervised),
        Estimator = AdvantageEstimators.MeanCentered(labelInStatistics: false),
        LabelInGroup = true,
    };

    /// <summary>LUFFY: seven rollouts and the label, shaped with γ = 0.1, no clip, no deviation, a constant normaliser.</summary>
    public static Recipe Luffy { get; } = new()
    {
        Name = "LUFFY",
        Source = "ElliottYan/LUFFY exp_scripts/train.sh: off_policy_reshape p_div_p_0.1, loss_remove_clip, loss_remove_token_mean, grpo_use_std False, "
            + "entropy_coeff 1e-3 (there on the mean over tokens), no KL, n 8 with n_prefix 1, 128 prompts a step (there in two updates), prompt 1024, response 8192, lr 1e-6",
        Loss = recipe => new LuffyObjective(recipe.Numbers.Gamma, recipe.Clip.Aggregation),
        Clip = ClippedPolicyOptions.DrGrpo,
        EntropyCoefficient = 1e-3,
        Estimator = AdvantageEstimators.MeanCentered(),
        LabelInGroup = true,
        Options = new TrainerOptions { GroupSize = 7, MaxPromptTokens = 1024, MaxNewTokens = 8192, PromptsPerStep = 128, WithEntropy = true },
    };

    /// <summary>SRFT: entropy weighs imitation against exploration in one stage.</summary>
    public static Recipe Srft { get; } = new()
    {
        Name = "SRFT",
        Source = "arXiv 2506.19767; TsinghuaC3I/Unify-Post-Training mix_actor.py: 0.5·e^−H, 0.1·e^H, −1, p/(p+0.1); exp_scripts/train_srft.sh: grpo_use_std False, "
            + "entropy_coeff 1e-3, lr 1e-6, 128 prompts a step, prompt 1024, response 8192",
        // Right is at least RightFrom; the objective asks for more than a bound.
        Loss = recipe => new SrftObjective(recipe.Numbers.Srft with { RightAbove = Math.BitDecrement(recipe.RightFrom) }),
        // The entropy bonus, as its parts: the mean over tokens.
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        EntropyCoefficient = 1e-3,
        Estimator = AdvantageEstimators.MeanCentered(),
        LabelInGroup = true,
        Options = new TrainerOptions { MaxPromptTokens = 1024, MaxNewTokens = 8192, PromptsPerStep = 128, WithEntropy = true },
    };

    /// <summary>CHORD-μ: from imitation to exploration over the run.</summary>
    public static Recipe ChordMu { get; } = new()
    {
        Name = "CHORD-μ",
        Source = "arXiv 2508.11408; ms-swift examples/train/grpo chord: μ from 0.9 down to 0.05 over 200 steps, no warm-up; advantages of the rollouts alone",
        Loss = recipe => new ChordObjective(recipe.Numbers.Mu, null, new ClippedPolicyObjective(recipe.Clip)),
        Numbers = new LossNumbers { Mu = Coefficient.WarmUpThenCosine(0.9, 0.05, 0, 200) },
        Estimator = AdvantageEstimators.GroupNormalized(labelInStatistics: false),
        LabelInGroup = true,
    };

    /// <summary>CHORD-φ: a constant μ = 0.1 and label tokens weighed by p(1 − p).</summary>
    public static Recipe ChordPhi { get; } = ChordMu with
    {
        Name = "CHORD-φ",
        Source = "arXiv 2508.11408: φ = p(1 − p), μ 0.1 constant (Trinity-RFT's default)",
        Loss = recipe => new ChordObjective(recipe.Numbers.Mu, TokenWeights.Uncertainty, new ClippedPolicyObjective(recipe.Clip)),
        Numbers = new LossNumbers(),
    };

    /// <summary>HPT: a group without a right rollout is imitated, every other one is reinforced.</summary>
    /// <remarks>
    /// The authors clip gradients at norm 1, as here, and drop an update whose norm was above 80 before that; their loss is a sum over rows, so both numbers
    /// meet other gradients there. Nothing is dropped here.
    /// </remarks>
    public static Recipe Hpt { get; } = new()
    {
        Name = "HPT",
        Source = "arXiv 2509.04419; TsinghuaC3I/Unify-Post-Training exp_scripts/train.sh: switch_gate 0, sft_loss_coef 1.0, lr 5e-6, grpo_use_std False, loss_remove_clip, "
            + "loss_remove_token_mean, entropy_coeff 1e-3, grad_clip 1, n 8, 128 prompts a step, prompt 1024, response 8192",
        Loss = recipe => new HptObjective(recipe.Numbers.Supervised, recipe.Clip.Aggregation),
        Clip = ClippedPolicyOptions.DrGrpo,
        EntropyCoefficient = 1e-3,
        Estimator = AdvantageEstimators.MeanCentered(),
        Groups = recipe => new SupervisionGate(recipe.RightFrom),
        LabelInGroup = true,
        Options = new TrainerOptions { MaxPromptTokens = 1024, MaxNewTokens = 8192, PromptsPerStep = 128, WithEntropy = true },
        Optimizer = new AdamWOptions { LearningRate = LearningRate.Constant(5e-6) },
    };

    /// <summary>UFT: every rollout continues a hint; the hint is imitated, the rest reinforced; hints end after 300 steps.</summary>
    public static Recipe Uft { get; } = new()
    {
        Name = "UFT",
        Source = "arXiv 2505.16984; liumy2010/UFT run.py: sft_loss_coef 0.001, T_hint 300, probabilities 0.95 to 0.05, at most 5 pieces, 4 rollouts; scripts/train.sh: "
            + "256 prompts a step (there in updates of 64), prompt and response 1024, lr 1e-6, use_kl_loss; verl's defaults for the rest: kl_loss_coef 1e-3 low_var_kl, "
            + "entropy_coeff 1e-3, clip 0.2, token mean",
        Loss = recipe => new HintedObjective(new ClippedPolicyObjective(recipe.Clip), recipe.Numbers.Supervised),
        Numbers = new LossNumbers { Supervised = 0.001 },
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        KlCoefficient = 1e-3,
        EntropyCoefficient = 1e-3,
        Prefix = PrefixLengths.Binomial(),
        Options = new TrainerOptions { GroupSize = 4, MaxPromptTokens = 1024, MaxNewTokens = 1024, PromptsPerStep = 256, WithEntropy = true },
    };

    /// <summary>Prefix-RFT: one rollout of the group continues a prefix of the label; of the prefix only the uncertain fifth is updated.</summary>
    public static Recipe PrefixRft { get; } = new()
    {
        Name = "Prefix-RFT",
        Source = "arXiv 2507.01679: prefix share along a cosine from 0.95 to 0.05, top 20 % entropy of the prefix, Dr. GRPO, 8 rollouts (over 500 steps here). "
            + "From the paper as others quote it",
        Loss = Clipped,
        Clip = ClippedPolicyOptions.DrGrpo,
        Estimator = AdvantageEstimators.MeanCentered(),
        Prefix = PrefixLengths.Share(Coefficient.Cosine(0.95, 0.05, 500)),
        PrefixedCopies = 1,
        Focus = new TokenFocus { Fraction = 0.2, LabelTokensOnly = true },
        SkipNeutralGroups = true,
    };

    /// <summary>GHPO: a group that fails as a whole is asked again with a quarter, a half, three quarters of the answer in the prompt.</summary>
    public static Recipe Ghpo { get; } = new()
    {
        Name = "GHPO",
        Source = "arXiv 2507.10628; hkgc-1/GHPO ghpo_trainer.py and config_ghpo.yaml: hints 0.25, 0.5, 0.75; loss_type bnpo, epsilon 0.2, beta 0, scale_rewards with 1e-4, "
            + "num_generations 8, prompt and completion 2048, lr 1e-6 with a warm-up of a tenth and a cosine (set Optimizer.LearningRate, which needs the length of the run); "
            + "transformers: weight_decay 0",
        Loss = Clipped,
        Clip = ClippedPolicyOptions.Bnpo,
        Estimator = AdvantageEstimators.GroupNormalized(1e-4),
        Hints = [0.25, 0.5, 0.75],
        SkipNeutralGroups = true,
        Options = new TrainerOptions { MaxPromptTokens = 2048, MaxNewTokens = 2048 },
        Optimizer = new AdamWOptions { WeightDecay = 0 },
    };

    /// <summary>
    /// The reinforcement half of ReLIFT; <see cref="ReliftTrainer"/> adds supervised steps of <see cref="Sft"/> on what failed.
    /// </summary>
    public static Recipe Relift { get; } = new()
    {
        Name = "ReLIFT",
        Source = "arXiv 2506.07527; TheRoadQaQ/ReLIFT examples/7b/train.sh: grpo_use_std False, loss_remove_clip, loss_remove_token_mean, entropy_coeff 1e-3, no KL, n 8, "
            + "128 prompts a step (there in two updates), prompt 1024, response 8192, lr 1e-6, grad_clip 0.7 (of a sum over rows); "
            + "SFT with an optimizer of its own at lr 1e-6 on 128 failed prompts",
        Loss = recipe => new SurrogateObjective(Surrogates.PolicyGradient, recipe.Clip.Aggregation),
        Clip = ClippedPolicyOptions.DrGrpo,
        EntropyCoefficient = 1e-3,
        Estimator = AdvantageEstimators.MeanCentered(),
        Options = new TrainerOptions { MaxPromptTokens = 1024, MaxNewTokens = 8192, PromptsPerStep = 128, MaxGradientNorm = 0.7, WithEntropy = true },
    };

    /// <summary>All recipes.</summary>
    public static IReadOnlyList<Recipe> All =>
    [
        ViSurf, Grpo, TrlGrpo, EasyR1, SegZero, Dapo, DrGrpo, Gspo, Luspo, Cispo, Sapo, Vespo, Rloo, ReinforcePlusPlus, Gdpo,
        Sft, Dft, RlPlusSft, Luffy, Srft, ChordMu, ChordPhi, Hpt, Uft, PrefixRft, Ghpo, Relift,
    ];
}
