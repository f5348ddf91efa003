using System.Globalization;
using FineTune.Settings;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;

namespace FineTune;

/// <summary>A whole run: rows checked, trainer built, steps made, checkpoints and numbers written.</summary>
internal static class TrainingSession
{
    /// <returns>Whether the last step was made; false when it was stopped before.</returns>
    /// <exception cref="InvalidDataException">Rows are bad, or there is a run in the output folder already and it is not to be resumed, or not the same run.</exception>
    public static bool Run(Workshop workshop, bool resume, CancellationToken cancel)
    {
        var (settings, recipe) = (workshop.Settings, Method.Of(workshop.Settings, workshop.Rewards));
        using var store = CheckpointStore.Open(Path.Combine(settings.Output, "checkpoints"), Kept(settings));
        if (!resume && store.Latest() is { } there)
            throw new InvalidDataException($"Expected an output folder without a run, but '{settings.Output}' has one at step {there.Step}: give --resume to go on, or another output.");

        using var rows = new Rows(settings, workshop.Encoder);
        var looks = DataCheck.Look(workshop, rows, recipe, cancel);
        var skipped = looks.ToDictionary(look => look.Key, look => look.Value.Ensure(settings.Data.SkipBadRows ? BadRowPolicy.Skip : BadRowPolicy.Stop).BadRows);
        foreach (var look in looks.Values.Where(look => look.BadRows.Count > 0)) Console.WriteLine($"{look.Describe()}{Environment.NewLine}{look.BadRows.Count} left out.");
        using var stream = new PrefetchingStream(rows.Stream(skipped), workshop.Encoder);
        using var optimizer = new AdamWOptimizer(workshop.Policy.Module, recipe.Optimizer);
        var sampler = new AutoregressiveSampler(new SamplingOptions
        {
            Temperature = recipe.Options.Temperature,
            StopIds = workshop.Encoder.StopIds,
            SuppressedIds = workshop.Encoder.SuppressedIds,
        });
        var reference = recipe.KlCoefficient > 0 ? workshop.Reference() : null;
        using var ownReference = settings.Lora is null ? reference as IDisposable : null;
        var trainer = new Trainer(recipe.Parts(stream.Encoder, workshop.Policy, sampler, workshop.Rewards, optimizer, reference: reference), recipe.Options);

        Console.WriteLine($"{recipe.Name} ({settings.Rewards} rewards), {settings.Training.Steps} steps of {recipe.Options.PromptsPerStep} prompts, "
            + $"{(settings.Lora is null ? "all weights that are not frozen" : $"LoRA of rank {settings.Lora.Rank}")}, {settings.Device}, {settings.Type}");
        var heldOut = settings.Data.HeldOut is null ? null : new HeldOut(workshop, rows.HeldOut(), recipe.Options.MaxNewTokens);
        var best = store.Options.Best?.Metric;
        // The position of the numbers must be known before their files are opened.
        using var watchers = new Watchers(settings, best, resumeAt: resume ? store.Latest()?.Step ?? 0 : null);
        var mayDiffer = MayDiffer(settings, recipe, workshop);
        var run = new TrainingRun(trainer, stream, new TrainingRunOptions
        {
            Steps = settings.Training.Steps,
            SaveEvery = settings.Checkpoints.Every,
            EvaluateEvery = settings.Evaluation.Every,
            Evaluate = heldOut is null || settings.Evaluation.Every == 0 ? null : (_, stop) => Containing(best, heldOut.Measure(stop)),
            AfterStep = watchers.Step,
            AfterEvaluation = watchers.Evaluation,
            AfterSave = watchers.Saved,
            Watchers = watchers.Parts,
            Say = Console.WriteLine,
            Settings = new Dictionary<string, string>(mayDiffer)
            {
                ["recipe"] = recipe.Name,
                ["prompt"] = settings.Data.Prompt,
                ["train"] = string.Join(", ", settings.Data.Train.Select(source => Path.GetFileName(source.File))),
            },
            // A run may be made longer: a falling learning rate then falls more slowly.
            MayDiffer = ["adamw.learning_rate", .. mayDiffer.Keys],
        }, store, workshop.Weights);

        if (resume) Console.WriteLine(run.Resume() is { } from ? $"going on from step {from.Step}" : "no checkpoint yet: beginning");
        var outcome = watchers.Show(settings.Training.Steps, () => run.Run(cancel));
        watchers.End(outcome);
        Console.WriteLine($"{(outcome.Cancelled ? "stopped" : "done")} at step {outcome.Steps}; newest weights: {outcome.Last?.WeightsDirectory ?? "none"}"
            + (outcome.Best is null ? "" : $"; best: {outcome.Best.WeightsDirectory}"));
        return !outcome.Cancelled;
    }

    /// <summary>What a user may change on the way and the library does not see, or not in the user's words: the run says which, with both values.</summary>
    private static Dictionary<string, string> MayDiffer(FineTuneSettings settings, Recipe recipe, Workshop workshop) => new()
    {
        // The library compares the rate at a few updates only, which two short schedules may share.
        ["training.steps"] = Text(settings.Training.Steps),
        ["training.learningRate"] = settings.Training.LearningRate is { } rate ? Text(rate) : "the method's",
        ["training.schedule"] = settings.Training.Schedule,
        ["training.warmUp"] = Text(settings.Training.WarmUp),
        ["training.klCoefficient"] = Text(recipe.KlCoefficient),
        ["training.rightFrom"] = Text(recipe.RightFrom),
        ["pictureSide"] = Text(workshop.PictureSide),
        ["lora"] = settings.Lora is { } lora ? $"rank {lora.Rank}, alpha {Text(lora.Alpha)}, dropout {Text(lora.Dropout)}" : "none",
    };

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static IReadOnlyDictionary<string, double> Containing(string? best, IReadOnlyDictionary<string, double> metrics)
        => best is null || metrics.ContainsKey(best)
            ? metrics
            : throw new InvalidDataException($"checkpoints.best: expected a metric of the held-out rows ({string.Join(", ", metrics.Keys)}), got \"{best}\"");

    private static CheckpointOptions Kept(FineTuneSettings settings) => new()
    {
        KeepLast = settings.Checkpoints.KeepLast,
        Best = settings.Checkpoints.Best is { } metric ? new BestBy(metric, HigherIsBetter: !settings.Checkpoints.BestIsLowest) : null,
    };
}
