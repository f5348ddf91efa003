using System.Net.Http.Json;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Reporting;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using ViSurf.Core.Training.Diagnostics;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Docs;

/// <summary>The examples of the pages that have no test of their own, compiled as they stand there: every name and every argument exists.</summary>
public sealed class PageExamples
{
    [Theory]
    [InlineData("training.md")]
    [InlineData("adapters.md")]
    [InlineData("rewards.md")]
    [InlineData("evaluation.md")]
    [InlineData("metrics.md")]
    [InlineData("reporting.md")]
    public void The_examples_of_a_page_are_those_that_compile_here(string page)
    {
        var shown = Between(Repository.PathOf("docs", page), "```csharp", "```");
        Between(Repository.PathOf("tests", "ViSurf.Core.Tests", "Docs", "PageExamples.cs"), $"// <{page}>", $"// </{page}>").Should().Equal(shown);
        shown.Should().HaveCountGreaterThan(2);
    }

    internal static void Training(
        string model, torch.Device device, IPromptEncoder encoder, IRolloutSampler sampler, RewardSuite rewards, IExampleStream examples, CancellationToken cancellation)
    {
        // <training.md>
        using var policy = QwenVlPolicy.Load(model, device);
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = LearningRate.Cosine(1e-6, 1000).WithWarmUp(20) });
        var trainer = new Trainer(TrainerParts.ViSurf(encoder, policy, sampler, rewards, optimizer), new TrainerOptions { GroupSize = 8, Seed = 1 });

        using var store = CheckpointStore.Open("run/checkpoints", new CheckpointOptions { KeepLast = 2, Best = new BestBy("gIoU") });
        var run = new TrainingRun(trainer, examples, new TrainingRunOptions
        {
            Steps = 1000, SaveEvery = 50, EvaluateEvery = 100,
            Evaluate = (step, cancel) => Measure(policy, cancel),              // metrics by name
            AfterStep = report => Console.WriteLine(report),
            AfterSave = checkpoint => Console.WriteLine($"saved {checkpoint}"),
        }, store, new CheckpointWeights(directory => policy.Save(directory), policy.LoadWeights));

        run.Resume();                                                          // from the newest checkpoint; null when there is none
        var outcome = run.Run(cancellation);                                   // Ctrl-C: a checkpoint, then the end
        // </training.md>
        Console.WriteLine(outcome);

        static IReadOnlyDictionary<string, double> Measure(IPolicy policy, CancellationToken cancel)
            => new Dictionary<string, double> { ["gIoU"] = cancel.IsCancellationRequested ? 0 : policy.Module.parameters().Count() };
    }

    internal static void Adapters(
        string model, torch.Device device, IPromptEncoder encoder, IRolloutSampler sampler, RewardSuite rewards, string output,
            string merged)
    {
        // <adapters.md>
        using var policy = QwenVlPolicy.Load(model, device);
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig
        {
            TargetModules = ModuleSelection.AllLinear,
            ExcludeModules = ModuleSelection.Matching(".*visual.*"),
            Rank = 16, Alpha = 32,
        });
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = LearningRate.Constant(1e-5) });

        // A KL term against the policy below the adapter: the same weights with the adapter off.
        var parts = TrainerParts.ViSurf(encoder, policy, sampler, rewards, optimizer) with
        {
            Reference = adapter.Reference, SkipNeutralGroups = false, Objective = new KlPenalty(new ViSurfObjective(), 0.01),
        };

        adapter.Save(output);                              // PeftModel.from_pretrained(base, output)
        adapter.Merge();                                   // or an ordinary checkpoint:
        policy.Save(merged);
        // </adapters.md>
        Console.WriteLine(parts);
    }

    internal static void Freeze(QwenVlPolicy policy)
    {
        // <adapters.md>
        Freezing.Freeze(policy.Module, ParameterFilter.Vision);                          // or VisionTower, Merger, Embeddings
        Freezing.TrainOnly(policy.Module, ParameterFilter.Merger);
        Freezing.Freeze(policy.Module, ParameterFilter.Matching(@"model\.layers\.\d\..*"));
        // </adapters.md>
    }

    internal static RewardSuite Judge(HttpClient client, Uri address)
    {
        // <rewards.md>
        var judge = JudgeReward.From("helpful", async (example, completion, token) =>
        {
            using var response = await client.PostAsJsonAsync(address, new { completion.Text }, token);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync<Verdict>(token))!.Score;
        }, new JudgeOptions { Concurrency = 32, Timeout = TimeSpan.FromSeconds(20) });
        var rewards = VisionReasonerRewards.Suite().With(judge, weight: 0.5);
        // </rewards.md>
        return rewards;
    }

    private sealed record Verdict(double Score);

    internal static TrainerParts State(TrainerParts parts, AdaptiveCoefficient kl, ReplayBuffer buffer, IReadOnlyDictionary<string, VisionExample> rows, MovingAveragePolicy average)
        =>
        // <training.md>
        parts with
        {
            State =
            [
                CheckpointPart.Of("kl", () => kl.State, saved => kl.Restore(saved!)),                                // an AdaptiveCoefficient
                CheckpointPart.Of("replay", () => buffer.State, saved => buffer.Restore(saved!, id => rows[id])),    // a ReplayBuffer, a HardExampleBuffer
                CheckpointPart.OfModule("average", average.Module),                                                  // tensors, restored in place
            ],
        }
        // </training.md>
        ;

    internal static double? Evaluation(QwenPromptEncoder encoder, IPolicy policy, IReadOnlyList<VisionExample> heldOut)
    {
        // <evaluation.md>
        var greedy = new AutoregressiveSampler(new SamplingOptions { Temperature = 0, StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var evaluator = new Evaluator(encoder, policy, greedy) { SourceOf = row => row.Id.Split('-')[0] };
        using var file = PredictionFile.Create("predictions.jsonl");
        var answers = evaluator.Run(heldOut, file.Write);

        var suite = EvaluationSuite.Standard().With(Metric.Mean("words", example => example.Completion.Text.Split(' ').Length));
        var report = suite.Report(answers);
        Console.WriteLine(report);                     // a table: value, interval, examples; all first, then source by source
        double? overlap = report["g_iou"];             // report.Values has all of them, also "source/g_iou"
        // </evaluation.md>
        return overlap;
    }

    internal static void Metrics(Trainer trainer, ILogger logger, IEnumerable<IReadOnlyList<VisionExample>> batches)
    {
        // <metrics.md>
        using var lines = new JsonLinesMetrics("run/metrics.jsonl");
        using var board = new TensorBoardMetrics("run/tensorboard");
        using var meter = new MeterMetrics();
        var diagnosis = new RunDiagnosis(logger.LogDiagnosis);
        Action<StepReport> onStep = logger.LogStep;
        onStep += lines.Write;
        onStep += board.Write;
        onStep += meter.Write;
        onStep += diagnosis.Observe;
        trainer.Run(batches, onStep);
        // </metrics.md>
    }

    internal static void Report(Trainer trainer, IEnumerable<IReadOnlyList<VisionExample>> batches, int steps)
    {
        // <reporting.md>
        var report = new HtmlReport("out/report.html", new HtmlReportOptions { Name = "shapes", Steps = steps, Settings = [new("seed", "1")] });
        trainer.Run(batches, report.Add);        // written after the first step, then every 10 (Every)
        report.Finish();                         // or Stop("why it ended early")
        // </reporting.md>
    }

    /// <summary>The lines of all parts between the two, without what all of them are indented by here.</summary>
    private static string[] Between(string file, string open, string close)
    {
        var (lines, inside) = (new List<string>(), false);
        foreach (var line in File.ReadLines(file))
        {
            if (line.Trim() == (inside ? close : open)) inside = !inside;
            else if (inside) lines.Add((line.StartsWith("        ", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal) ? line[8..] : line).TrimEnd());
        }
        return [.. lines];
    }
}
