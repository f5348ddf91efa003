using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Training;

namespace TinyBase;

/// <summary>Knobs of the supervised training.</summary>
internal sealed record BaseTrainingOptions
{
    public required int Seed { get; init; }

    public required int Steps { get; init; }

    public required int Batch { get; init; }

    public required string Device { get; init; }
}

/// <summary>Supervised training of the fresh model on rows that are made as they are needed; no row is seen twice.</summary>
internal static class BaseTraining
{
    // A thousand times what a 7 B model takes: there is nothing yet to forget.
    private const double PeakLearningRate = 2e-3;
    private const int WarmUp = 100;
    private const int ReportEvery = 250;

    public static void Execute(string fresh, string trained, BaseTrainingOptions options, CancellationToken cancel)
    {
        var encoder = QwenPromptEncoder.Load(fresh);
        using var policy = QwenVlPolicy.Initialize(fresh, options.Seed, TorchBackend.Device(options.Device));
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = Schedule(options.Steps), Beta2 = 0.98 });
        var parts = TrainerParts.Sft(encoder, policy, optimizer, LabelFormat.Bare);
        var trainer = new Trainer(parts, new TrainerOptions { PromptsPerStep = options.Batch, Seed = options.Seed });
        Console.WriteLine($"{policy.Weights().Sum(w => w.Value.numel()) / 1e6:0.00} M parameters");

        var curriculum = new Curriculum(options.Seed, options.Steps);
        var next = Task.Run(() => curriculum.Lessons(0, options.Batch), cancel);
        var progress = new Progress(encoder, policy, options.Seed);
        var loss = 0.0;
        for (var step = 0; step < options.Steps; step++)
        {
            cancel.ThrowIfCancellationRequested();
            var lessons = next.Result;
            var following = step + 1;
            next = Task.Run(() => following < options.Steps ? curriculum.Lessons(following, options.Batch) : [], cancel);
            var report = trainer.Step(lessons, cancel);
            loss = step == 0 ? report.Updates[0].Loss : 0.98 * loss + 0.02 * report.Updates[0].Loss;
            if (following % ReportEvery == 0 || following == options.Steps)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {following}/{options.Steps}: loss {loss:0.0000}, {progress.Report(cancel)}"));
        }
        policy.Save(trained);
    }

    private static LearningRateSchedule Schedule(int steps)
        => LearningRate.Cosine(PeakLearningRate, steps, final: PeakLearningRate / 50).WithWarmUp(WarmUp);
}
