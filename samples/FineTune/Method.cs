using FineTune.Settings;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace FineTune;

/// <summary>The method the settings name, with the numbers they change.</summary>
internal static class Method
{
    /// <summary>Those that one trainer does; ReLIFT takes turns between two (<c>ReliftTrainer</c>).</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Recipes.All.Except([Recipes.Relift]).Select(recipe => recipe.Name)];

    /// <param name="settings">The settings.</param>
    /// <param name="rewards">Say from where on a rollout is right, for methods that ask: as much as a label has, which does not think.</param>
    public static Recipe Of(FineTuneSettings settings, RewardSuite rewards)
    {
        var (recipe, training) = (Recipes.All.Single(r => r.Name == settings.Method), settings.Training);
        var (options, adam) = (training.MaxLabelTokens is { } labels ? recipe.Options with { MaxLabelTokens = labels } : recipe.Options,
            recipe.Optimizer);
        var kl = training.KlCoefficient ?? recipe.KlCoefficient;
        return recipe with
        {
            RightFrom = training.RightFrom
                ?? rewards.Rewards.Where(r => r.Function.Name != ThinkingFormatReward.ComponentName).Sum(r => Math.Max(0, r.Maximum)),
            KlCoefficient = kl,
            // A KL term also pulls on groups that are neutral.
            SkipNeutralGroups = recipe.SkipNeutralGroups && kl == 0,
            Options = options with
            {
                PromptsPerStep = training.PromptsPerStep ?? options.PromptsPerStep,
                GroupSize = training.GroupSize ?? options.GroupSize,
                MaxNewTokens = training.MaxNewTokens ?? options.MaxNewTokens,
                MaxPromptTokens = training.MaxPromptTokens ?? options.MaxPromptTokens,
                MicroBatchTokens = training.MicroBatchTokens ?? options.MicroBatchTokens,
                UpdatesPerRollout = training.UpdatesPerRollout ?? options.UpdatesPerRollout,
                MaxGradientNorm = training.MaxGradientNorm ?? options.MaxGradientNorm,
                Temperature = training.Temperature ?? options.Temperature,
                Seed = settings.Seed,
            },
            Optimizer = adam with
            {
                WeightDecay = training.WeightDecay ?? adam.WeightDecay,
                LearningRate = Schedule(training, recipe),
            },
        };
    }

    private static LearningRateSchedule Schedule(TrainingSettings training, Recipe recipe)
    {
        // A recipe's own rate is a schedule; without one in the settings it stays as it is.
        if (training.LearningRate is not { } rate) return recipe.Optimizer.LearningRate.WithWarmUp(training.WarmUp);
        var updates = (long)training.Steps * (training.UpdatesPerRollout ?? recipe.Options.UpdatesPerRollout);
        LearningRateSchedule schedule = training.Schedule switch
        {
            "linear" => LearningRate.Linear(rate, updates, final: rate / 10),
            "cosine" => LearningRate.Cosine(rate, updates, final: rate / 10),
            _ => LearningRate.Constant(rate),
        };
        return schedule.WithWarmUp(training.WarmUp);
    }
}
