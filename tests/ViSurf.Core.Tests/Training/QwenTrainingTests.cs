using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>The whole way through, pictures included, on a tiny Qwen2.5-VL checkpoint with random weights.</summary>
public sealed class QwenTrainingTests
{
    private static readonly string Checkpoint = Fixtures.PathOf("qwen2_5_vl");

    [Fact]
    public void Groups_that_share_their_picture_and_prompt_give_the_gradient_of_rows_on_their_own()
    {
        var (together, _) = Gradient(int.MaxValue);
        var (alone, report) = Gradient(1);
        var size = together.Max(Math.Abs);
        size.Should().BeGreaterThan(1e-4);
        together.Zip(alone, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-5 * size);
        report.Updates[0].Metrics["sampler_drift"].Should().BeLessThan(1e-5, "decoding with a cache and scoring agree");
        report.Rewards.LabelUsed.Should().Be(1, "a random model never writes the label");

        static (double[] Gradient, StepReport Report) Gradient(int rows)
        {
            using var policy = QwenVlPolicy.Load(Checkpoint, type: ScalarType.Float64);
            using var optimizer = Toy.GradientProbe(policy);
            var before = Toy.Weights(policy);
            var report = Make(policy, optimizer, Toy.Options with { MicroBatchRows = rows, MaxGradientNorm = double.PositiveInfinity }).Step(Examples);
            return ([.. Toy.Weights(policy).Zip(before, (a, b) => a - b)], report);
        }
    }

    [Fact]
    public void Steps_move_the_weights_raise_the_labels_and_leave_no_tensor_behind()
    {
        using var policy = QwenVlPolicy.Load(Checkpoint);
        using var optimizer = Toy.Optimizer(policy, 1e-3);
        var trainer = Make(policy, optimizer, Toy.Options);
        var first = trainer.Step(Examples);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var last = first;
        for (var i = 0; i < 4; i++) last = trainer.Step(Examples);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        last.Updates[0].Metrics["demonstration_log_prob"].Should().BeGreaterThan(first.Updates[0].Metrics["demonstration_log_prob"] + 0.5);
    }

    private static VisionExample[] Examples =>
    [
        Example("first", "0.png", new Box(1, 2, 30, 40)),
        Example("second", "1.png", new Box(5, 6, 7, 8)),
    ];

    private static VisionExample Example(string id, string picture, Box box) => VisionExample.Ask(id, "Where is it?",
        new GroundingTarget([new GroundedObject(box, new PixelPoint(box.X1, box.Y1))]), ImageSource.FromFile(Fixtures.PathOf("images", picture)));

    private static Trainer Make(QwenVlPolicy policy, AdamWOptimizer optimizer, TrainerOptions options)
    {
        var encoder = QwenPromptEncoder.Load(Checkpoint);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var suite = Toy.Suite("boxes", (_, text) => text.Contains("bbox_2d", StringComparison.Ordinal) ? 1 : 0);
        return new Trainer(TrainerParts.ViSurf(encoder, policy, sampler, suite, optimizer), options with { GroupSize = 3, MaxNewTokens = 6, MaxPromptTokens = 4000 });
    }
}
