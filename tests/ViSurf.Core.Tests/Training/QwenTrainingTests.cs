using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
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
        report.Updates[0].Metrics["sampler_drift"].Should().BeLessThan(Tolerance.Of(1e-5f), "decoding with a cache and scoring agree");
        report.Rewards.LabelUsed.Should().Be(1, "a random model never writes the label");

        static (double[] Gradient, StepReport Report) Gradient(int rows)
        {
            using var policy = QwenVlPolicy.Load(Checkpoint, TestDevice.Value, ScalarType.Float64);
            using var optimizer = Toy.GradientProbe(policy);
            var before = Toy.Weights(policy);
            var report = Make(policy, optimizer, Toy.Options with { MicroBatchRows = rows, MaxGradientNorm = double.PositiveInfinity }).Step(Examples);
            return ([.. Toy.Weights(policy).Zip(before, (a, b) => a - b)], report);
        }
    }

    [Fact]
    public void Steps_move_the_weights_raise_the_labels_and_leave_no_tensor_behind()
    {
        using var policy = QwenVlPolicy.Load(Checkpoint, TestDevice.Value);
        using var optimizer = Toy.Optimizer(policy, 1e-3);
        var trainer = Make(policy, optimizer, Toy.Options);
        var first = trainer.Step(Examples);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var last = first;
        for (var i = 0; i < 4; i++) last = trainer.Step(Examples);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        last.Updates[0].Metrics["demonstration_log_prob"].Should().BeGreaterThan(first.Updates[0].Metrics["demonstration_log_prob"] + 0.5);
    }

    [Fact]
    public void An_adapter_trains_against_the_policy_below_it_without_a_second_copy()
    {
        using var policy = QwenVlPolicy.Load(Checkpoint, TestDevice.Value);
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, ExcludeModules = ModuleSelection.Matching(".*visual.*") });
        using var optimizer = Toy.Optimizer(policy, 1e-2);
        var before = policy.Weights().Select(w => w.Value.detach().clone()).ToArray();
        var trainer = Make(policy, optimizer, Toy.Options, parts => parts with
        {
            Reference = adapter.Reference, SkipNeutralGroups = false, Objective = new KlPenalty(new ViSurfObjective(), 0.01),
        });
        var first = trainer.Step(Examples);
        first.Updates[0].Metrics["kl"].Should().BeApproximately(0, 1e-7, "B is still 0: policy and reference are one");
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var last = first;
        for (var i = 0; i < 3; i++) last = trainer.Step(Examples);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        last.Updates[0].Metrics["kl"].Should().BePositive();
        last.Updates[0].Metrics["demonstration_log_prob"].Should().BeGreaterThan(first.Updates[0].Metrics["demonstration_log_prob"]);
        policy.Weights().Zip(before).Should().OnlyContain(p => p.First.Value.eq(p.Second).all().item<bool>(), "the weights below are nobody's to move");
        foreach (var tensor in before) tensor.Dispose();
    }

    private static VisionExample[] Examples =>
    [
        Example("first", "0.png", new Box(1, 2, 30, 40)),
        Example("second", "1.png", new Box(5, 6, 7, 8)),
    ];

    private static VisionExample Example(string id, string picture, Box box) => VisionExample.Ask(id, "Where is it?",
        new GroundingTarget([new GroundedObject(box, new PixelPoint(box.X1, box.Y1))]),
            ImageSource.FromFile(Fixtures.PathOf("images", picture))) with { LabelFrame = FrameSize.OfModel };

    private static Trainer Make(QwenVlPolicy policy, AdamWOptimizer optimizer, TrainerOptions options, Func<TrainerParts, TrainerParts>? change = null)
    {
        var encoder = QwenPromptEncoder.Load(Checkpoint);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var suite = Toy.Suite("boxes", (_, text) => text.Contains("bbox_2d", StringComparison.Ordinal) ? 1 : 0);
        var parts = TrainerParts.ViSurf(encoder, policy, sampler, suite, optimizer);
        return new Trainer(change?.Invoke(parts) ?? parts, options with { GroupSize = 3, MaxNewTokens = 6, MaxPromptTokens = 4000 });
    }
}
