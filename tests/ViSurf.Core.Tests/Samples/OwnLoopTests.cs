using System.Reflection;
using FluentAssertions;
using Samples.Shared;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class OwnLoopTests
{
    [CpuFact("the sample runs on the CPU")]
    public void The_loop_without_Trainer_makes_the_weights_that_Trainer_makes_bit_for_bit()
    {
        const int Steps = 2;
        using var folder = new TemporaryDirectory();
        Assembly.Load("OwnLoop").EntryPoint!.Invoke(null, [new[] { "--steps", $"{Steps}", "--output", folder.File("own") }]).Should().Be(0);

        var model = Path.Combine(Assets.Root, "tiny-base");
        var rows = JsonLinesDataset.Load(Path.Combine(Assets.Root, "shapes", "train.jsonl"));
        var order = new EpochCursor(rows.Count, 1);
        var encoder = QwenPromptEncoder.Load(model);
        using var policy = QwenVlPolicy.Load(model);
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = LearningRate.Constant(4e-5) });
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var rewards = VisionReasonerRewards.Suite(side: 112).With(new ExactAnswerReward(maximum: 5));
        var trainer = new Trainer(
            TrainerParts.ViSurf(encoder, policy, sampler, rewards, optimizer), new TrainerOptions { GroupSize = 8, MaxNewTokens = 96, Seed = 1 });
        policy.Save(folder.File("before"));
        for (var step = 0; step < Steps; step++) trainer.Step([.. order.Next(8).Select(i => rows[i])]);
        policy.Save(folder.File("trainer"));

        var (own, trainers, before) = (Weights(folder.File("own")), Weights(folder.File("trainer")), Weights(folder.File("before")));
        own.Should().NotBeEmpty();
        own.SequenceEqual(trainers).Should().BeTrue("both are the same method, step by step");
        own.SequenceEqual(before).Should().BeFalse("two steps were made");
        optimizer.Updates.Should().Be(Steps);
    }

    private static byte[] Weights(string model)
        => [.. Directory.GetFiles(model, "*.safetensors").Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes)];
}
