using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Reporting;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace Quickstart;

/// <summary>The model and the parts that train it: the one file to read for how the library is used.</summary>
internal sealed class PostTraining : IDisposable
{
    private readonly QwenPromptEncoder _encoder;
    private readonly QwenVlPolicy _policy;

    private PostTraining(QwenPromptEncoder encoder, QwenVlPolicy policy) => (_encoder, _policy) = (encoder, policy);

    public static PostTraining Load(string model, torch.Device device) => new(QwenPromptEncoder.Load(model), QwenVlPolicy.Load(model, device));

    /// <summary>
    /// ViSurf's rewards, whose accuracy counts marks, and beside them the overlap itself, so that a box that is right can still get better.
    /// Rows answered in words get as much for the right word.
    /// </summary>
    public static RewardSuite Rewards(IReadOnlyList<VisionExample> rows)
    {
        var side = rows.Select(row => row.LabelFrame).OfType<FrameSize>().Select(frame => Math.Max(frame.Width, frame.Height))
            .DefaultIfEmpty(840).Max();
        return VisionReasonerRewards.Suite(side: side)
            .With(RewardFunction.From("overlap", Overlap), weight: Recipe.OverlapWeight)
            .With(new ExactAnswerReward(maximum: 5 + Recipe.OverlapWeight));
    }

    /// <summary>A reward of one's own: intersection over union of all predicted and all true boxes, 1 when both are none.</summary>
    private static double? Overlap(VisionExample example, Completion completion)
        => example.Target is not GroundingTarget target ? null
            : AnswerParser.Objects(completion.Text) is not { } predicted ? 0
            : BoxGeometry.UnionIntersectionOverUnion([.. predicted.Select(o => o.Box)], [.. target.Objects.Select(o => o.Box)]);

    /// <summary>The rows of a file, with boxes in the coordinates that the model speaks.</summary>
    public VisionExample[] Rows(string file) => [.. JsonLinesDataset.Load(file).Select(_encoder.InModelFrame)];

    /// <summary>Looks at every row before any time is spent on training: pictures that open, boxes inside them, labels that the rewards accept.</summary>
    /// <exception cref="InvalidDataException">Rows that are not fit; the message names them.</exception>
    public void Check(IReadOnlyList<VisionExample> rows)
        => new DatasetCheck(new DemonstrationInjector(_encoder), Rewards([]), _encoder.SizeOf).Ensure(rows);

    public void Train(IReadOnlyList<VisionExample> rows, QuickstartOptions options, HtmlReport report, Action<StepPoint> onStep, CancellationToken cancel)
    {
        var (steps, seed) = (options.Steps, options.Seed);
        // What there is to see it sees already; and a frozen tower looks at each picture once a step.
        Freezing.Freeze(_policy.Module, ParameterFilter.Vision);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = _encoder.StopIds, SuppressedIds = _encoder.SuppressedIds });
        using var optimizer = new AdamWOptimizer(_policy.Module, new AdamWOptions
        {
            LearningRate = LearningRate.Linear(Recipe.LearningRate, steps, final: Recipe.LearningRate / 10).WithWarmUp(Recipe.WarmUp),
        });
        var trainer = new Trainer(
            TrainerParts.ViSurf(_encoder, _policy, sampler, Rewards(rows), optimizer),
            new TrainerOptions { GroupSize = Recipe.GroupSize, MaxNewTokens = Recipe.MaxNewTokens, Seed = seed });

        var order = new EpochCursor(rows.Count, seed);
        var batches = Enumerable.Range(0, steps).Select(_ => order.Next(Recipe.PromptsPerStep).Select(i => rows[i]).ToArray());
        trainer.Run(batches, step =>
        {
            report.Add(step);
            onStep(new StepPoint((int)step.Step + 1, step.Rewards.Mean ?? double.NaN, step.Rewards.LabelMean ?? double.NaN));
        }, cancel);
    }

    /// <summary>The model's most likely answers.</summary>
    public IReadOnlyList<EvaluatedExample> Answer(IReadOnlyList<VisionExample> rows, CancellationToken cancel)
    {
        var greedy = new SamplingOptions { Temperature = 0, StopIds = _encoder.StopIds, SuppressedIds = _encoder.SuppressedIds };
        var evaluator = new Evaluator(_encoder, _policy, new AutoregressiveSampler(greedy)) { MaxNewTokens = Recipe.MaxNewTokens };
        return evaluator.Run(rows, cancellation: cancel);
    }

    /// <summary>A whole checkpoint directory: loads like the one it came from.</summary>
    public void Save(string folder) => _policy.Save(folder);

    public void Dispose() => _policy.Dispose();
}
