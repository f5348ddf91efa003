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
        Source = "arXiv 2510.10606, §3; 8 rollouts, temperature 1, 16 prompts a step, lr 1e-6, weight decay 1e-2, gradient norm 1 as in its ancestor's script",
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

    /// <summary>GRPO on the rollouts plus λ·SFT on the labels, λ = 1; another one is another <see cref="Recipe.Loss"/>.</summary>
    public static Recipe RlPlusSft { get; } = new()
    {
        Name = "RL + SFT",
        Source = "LUFFY's baseline \"RL w/ SFT loss\" (arXiv 2504.14945): advantages of the rollouts alone, without deviation",
        Loss = recipe => new SupervisedMixture(new ClippedPolicyObjective(recipe.Clip), 1.0),
        Estimator = AdvantageEstimators.MeanCentered(labelInStatistics: false),
        LabelInGroup = true,
    };

    /// <summary>LUFFY: seven rollouts and the label, shaped with γ = 0.1, no clip, no deviation, a constant normaliser.</summary>
    public static Recipe Luffy { get; } = new()
    {
        Name = "LUFFY",
        Source = "ElliottYan/LUFFY exp_scripts/train.sh: off_policy_reshape p_div_p_0.1, loss_remove_clip, loss_remove_token_mean, grpo_use_std False, "
            + "entropy_coeff 1e-3, no KL, n 8 with n_prefix 1, 128 prompts a step, prompt 1024, response 8192, lr 1e-6",
        Loss = recipe => new LuffyObjective(0.1, recipe.Clip.Aggregation),
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
        Source = "arXiv 2506.19767; Unify-Post-Training mix_actor.py: 0.5·e^−H, 0.1·e^H, −1, p/(p+0.1)",
        // Right is at least RightFrom; the objective asks for more than a bound.
        Loss = recipe => new SrftObjective(new SrftOptions { RightAbove = Math.BitDecrement(recipe.RightFrom) }),
        Estimator = AdvantageEstimators.GroupNormalized(),
        LabelInGroup = true,
        Options = new TrainerOptions { WithEntropy = true },
    };

    /// <summary>CHORD-μ: from imitation to exploration over the run.</summary>
    public static Recipe ChordMu { get; } = new()
    {
        Name = "CHORD-μ",
        Source = "arXiv 2508.11408; ms-swift examples/train/grpo chord: μ from 0.9 down to 0.05 over 200 steps, no warm-up; advantages of the rollouts alone",
        Loss = recipe => new ChordObjective(Coefficient.WarmUpThenCosine(0.9, 0.05, 0, 200), null, new ClippedPolicyObjective(recipe.Clip)),
        Estimator = AdvantageEstimators.GroupNormalized(labelInStatistics: false),
        LabelInGroup = true,
    };

    /// <summary>CHORD-φ: a constant μ = 0.1 and label tokens weighed by p(1 − p).</summary>
    public static Recipe ChordPhi { get; } = ChordMu with
    {
        Name = "CHORD-φ",
        Source = "arXiv 2508.11408: φ = p(1 − p), μ 0.1 constant (Trinity-RFT's default)",
        Loss = recipe => new ChordObjective(Coefficient.Constant(0.1), TokenWeights.Uncertainty, new ClippedPolicyObjective(recipe.Clip)),
    };

    /// <summary>HPT: a group without a right rollout is imitated, every other one is reinforced.</summary>
    public static Recipe Hpt { get; } = new()
    {
        Name = "HPT",
        Source = "arXiv 2509.04419; Unify-Post-Training: gate 0, SFT coefficient 1.0, lr 5e-6, no deviation, no clip, constant normaliser, gradient norm 80",
        Loss = recipe => new HptObjective(1.0, recipe.Clip.Aggregation),
        Clip = ClippedPolicyOptions.DrGrpo,
        Estimator = AdvantageEstimators.MeanCentered(),
        Groups = recipe => new SupervisionGate(recipe.RightFrom),
        LabelInGroup = true,
        Options = new TrainerOptions { MaxGradientNorm = 80 },
        Optimizer = new AdamWOptions { LearningRate = LearningRate.Constant(5e-6) },
    };

    /// <summary>UFT: every rollout continues a hint; the hint is imitated, the rest reinforced; hints end after 300 steps.</summary>
    public static Recipe Uft { get; } = new()
    {
        Name = "UFT",
        Source = "arXiv 2505.16984; liumy2010/UFT run.py: sft_loss_coef 0.001, T_hint 300, probabilities 0.95 to 0.05, at most 5 pieces, 4 rollouts",
        Loss = recipe => new HintedObjective(new ClippedPolicyObjective(recipe.Clip), 0.001),
        Clip = new ClippedPolicyOptions { Aggregation = LossAggregation.TokenMean },
        Prefix = PrefixLengths.Binomial(),
        Options = new TrainerOptions { GroupSize = 4 },
    };

    /// <summary>Prefix-RFT: one rollout of the group continues a prefix of the label; of the prefix only the uncertain fifth is updated.</summary>
    public static Recipe PrefixRft { get; } = new()
    {
        Name = "Prefix-RFT",
        Source = "arXiv 2507.01679: prefix share along a cosine from 0.95 to 0.05, top 20 % entropy of the prefix, Dr. GRPO, 8 rollouts (over 500 steps here)",
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
        Source = "arXiv 2507.10628; hkgc-1/GHPO: hints 0.25, 0.5, 0.75; the loss is GRPO's without KL",
        Loss = Clipped,
        Hints = [0.25, 0.5, 0.75],
        SkipNeutralGroups = true,
    };

    /// <summary>
    /// The reinforcement half of ReLIFT; <see cref="ReliftTrainer"/> adds supervised steps of <see cref="Sft"/> on what failed.
    /// </summary>
    public static Recipe Relift { get; } = new()
    {
        Name = "ReLIFT",
        Source = "arXiv 2506.07527; TheRoadQaQ/ReLIFT: GRPO without KL, SFT with an optimizer of its own at lr 1e-6 on 128 failed prompts",
        Loss = Clipped,
        SkipNeutralGroups = true,
    };

    /// <summary>All recipes.</summary>
    public static IReadOnlyList<Recipe> All =>
    [
        ViSurf, Grpo, TrlGrpo, EasyR1, SegZero, Dapo, DrGrpo, Gspo, Luspo, Cispo, Sapo, Vespo, Rloo, ReinforcePlusPlus, Gdpo,
        Sft, Dft, RlPlusSft, Luffy, Srft, ChordMu, ChordPhi, Hpt, Uft, PrefixRft, Ghpo, Relift,
    ];
}
