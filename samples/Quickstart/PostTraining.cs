using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace Quickstart;

/// <summary>The model and the parts that train it: the one file to read for how the library is used.</summary>
internal sealed class PostTraining : IDisposable
{
    // Grounding rows: format 2 and accuracy 3, as in ViSurf. Rows answered in words get the same 5 for the right word.
    private static readonly RewardSuite Rewards = VisionReasonerRewards.Suite().With(new ExactAnswerReward(maximum: 5));

    private readonly QwenPromptEncoder _encoder;
    private readonly QwenVlPolicy _policy;
    private readonly int _seed;

    private PostTraining(QwenPromptEncoder encoder, QwenVlPolicy policy, int seed) => (_encoder, _policy, _seed) = (encoder, policy, seed);

    public static PostTraining Load(string model, torch.Device device, int seed)
        => new(QwenPromptEncoder.Load(model), QwenVlPolicy.Load(model, device), seed);

    /// <summary>Looks at every row before any time is spent on training: pictures that open, boxes inside them, labels that the rewards accept.</summary>
    /// <exception cref="InvalidDataException">Rows that are not fit; the message names them.</exception>
    public void Check(IReadOnlyList<VisionExample> rows)
    {
        var decoder = new SkiaImageDecoder();
        new DatasetCheck(new DemonstrationInjector(_encoder), Rewards, Size).Ensure(rows);

        (int Width, int Height) Size(ImageSource image)
        {
            var picture = decoder.Decode(image);
            return (picture.Width, picture.Height);
        }
    }

    public void Train(IReadOnlyList<VisionExample> rows, int steps, Action<StepPoint> onStep, CancellationToken cancel)
    {
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = _encoder.StopIds, SuppressedIds = _encoder.SuppressedIds });
        using var optimizer = new AdamWOptimizer(_policy.Module, new AdamWOptions
        {
            LearningRate = LearningRate.Linear(Recipe.LearningRate, steps, final: Recipe.LearningRate / 10).WithWarmUp(Recipe.WarmUp),
        });
        var trainer = new Trainer(
            TrainerParts.ViSurf(_encoder, _policy, sampler, Rewards, optimizer),
            new TrainerOptions { GroupSize = Recipe.GroupSize, MaxNewTokens = Recipe.MaxNewTokens, Seed = _seed });

        var order = new EpochCursor(rows.Count, _seed);
        var batches = Enumerable.Range(0, steps).Select(_ => order.Next(Recipe.PromptsPerStep).Select(i => rows[i]).ToArray());
        trainer.Run(batches, report => onStep(new StepPoint(
            (int)report.Step + 1, report.Rewards.Mean ?? double.NaN, report.Rewards.LabelMean ?? double.NaN)), cancel);
    }

    /// <summary>The model's most likely answers.</summary>
    public IReadOnlyList<EvaluatedExample> Answer(IReadOnlyList<VisionExample> rows, CancellationToken cancel)
    {
        var greedy = new SamplingOptions { Temperature = 0, StopIds = _encoder.StopIds, SuppressedIds = _encoder.SuppressedIds };
        var evaluator = new Evaluator(_encoder, _policy, new AutoregressiveSampler(greedy)) { MaxNewTokens = Recipe.MaxNewTokens };
        return evaluator.Run(rows, cancellation: cancel);
    }

    /// <summary>A whole checkpoint directory: loads like the one it came from.</summary>
    public void Save(string folder)
    {
        _policy.Save(folder);
        _encoder.Save(folder);
    }

    public void Dispose() => _policy.Dispose();
}
