using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Parity;

/// <summary>A policy in bfloat16 against the same weights in float32, on every checkpoint of the fixtures.</summary>
public sealed class BFloat16Parity : IDisposable
{
    private const int Steps = 20;
    private static readonly AdamWOptions Options = new() { LearningRate = _ => 1e-4 };
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Checkpoints => [.. Fixtures.Checkpoints()];

    [Theory, MemberData(nameof(Checkpoints))]
    public void Logits_are_within_two_percent_of_float32(string checkpoint)
    {
        using var noGrad = no_grad();
        using var narrow = QwenVlPolicy.Load(Fixtures.PathOf(checkpoint), TestDevice.Value, ScalarType.BFloat16);
        using var wide = QwenVlPolicy.Load(Fixtures.PathOf(checkpoint), TestDevice.Value);
        for (var i = 0; i < GoldenCase.Count(checkpoint); i++)
        {
            using var golden = new GoldenCase(checkpoint, i);
            var expected = Forced.Logits(wide, golden);
            var error = (Forced.Logits(narrow, golden) - expected).norm().item<float>() / expected.norm().item<float>();
            error.Should().BeInRange(1e-4f, 0.02f, "below 1e-4 it would not have been computed in bfloat16");
        }
    }

    [Theory, MemberData(nameof(Checkpoints))]
    public void The_loss_of_twenty_steps_is_within_one_percent_of_float32(string checkpoint)
    {
        var expected = Train(checkpoint, ScalarType.Float32, Options);
        expected[^1].Should().BeLessThan(0.65 * expected[0], "a comparison of runs that learn nothing says nothing");
        foreach (var state in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var losses = Train(checkpoint, ScalarType.BFloat16, Options with { StateType = state });
            losses.Should().HaveCount(Steps).And.NotEqual(expected);
            for (var i = 0; i < Steps; i++) losses[i].Should().BeApproximately(expected[i], 0.01 * expected[i], $"step {i}, moments in {state}");
        }
    }

    public void Dispose() => _scope.Dispose();

    private static double[] Train(string checkpoint, ScalarType type, AdamWOptions options)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(checkpoint), TestDevice.Value, type);
        using var optimizer = new AdamWOptimizer(policy.Module, options);
        var trainer = new Trainer(TrainerParts.Sft(QwenPromptEncoder.Load(Fixtures.PathOf(checkpoint)), policy, optimizer), new TrainerOptions { MaxPromptTokens = 4000 });
        return [.. Enumerable.Range(0, Steps).Select(_ => trainer.Step(Examples).Updates[0].Loss)];
    }

    private static VisionExample[] Examples =>
    [
        VisionExample.Ask("picture", "Where is it?", new GroundingTarget([new GroundedObject(new Box(3, 5, 20, 40), new PixelPoint(12, 20))]),
            ImageSource.FromFile(Fixtures.PathOf("images", "0.png"))) with { LabelFrame = FrameSize.OfModel },
        VisionExample.Ask("words", "How many are there?", new TextTarget("There are seven of them.")),
    ];
}
