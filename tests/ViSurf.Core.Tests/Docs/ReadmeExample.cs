using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Docs;

/// <summary>The README's example, compiled and run as it stands there.</summary>
public sealed class ReadmeExample
{
    [Fact]
    public void The_example_trains_a_checkpoint_directory_and_writes_one()
    {
        using var folder = new TemporaryDirectory();
        File.Copy(Fixtures.PathOf("images", "0.png"), folder.File("0.png"));
        File.WriteAllText(folder.File("train.jsonl"),
            """{"id": "1", "image": "0.png", "problem": "the red circle", "solution": [{"bbox_2d": [10, 20, 50, 60], "point_2d": [30, 40]}]}""");
        var (model, output) = (Fixtures.PathOf("qwen2_5_vl"), folder.File("trained"));

        Example(model, TestDevice.Value, folder.File("train.jsonl"), new TrainerOptions { PromptsPerStep = 1, GroupSize = 2, MaxNewTokens = 4 }, steps: 1, output);

        using var before = QwenVlPolicy.Load(model, TestDevice.Value);
        using var after = QwenVlPolicy.Load(output, TestDevice.Value);
        after.Weights().Select(w => w.Name).Should().Equal(before.Weights().Select(w => w.Name));
        after.Weights().Zip(before.Weights()).Any(pair => (pair.First.Value - pair.Second.Value).abs().max().item<float>() > 0).Should().BeTrue("a step was made");
        QwenPromptEncoder.Load(output).EncodeAnswer("red").Should().Equal(QwenPromptEncoder.Load(model).EncodeAnswer("red"));
    }

    [Fact]
    public void The_example_of_the_README_is_the_one_that_runs_here()
    {
        var shown = Between(Resource("README.md"), "```csharp", "```");
        var run = Between(Resource("ReadmeExample.cs"), "// <example>", "// </example>");
        shown.Should().Equal(run);
        shown.Count(line => line.Length > 0).Should().BeLessOrEqualTo(20, "it is called a 20-line example");
    }

    private static void Example(string model, torch.Device device, string data, TrainerOptions options, int steps, string output)
    {
        // <example>
        var encoder = QwenPromptEncoder.Load(model);                       // a checkpoint directory: tokenizer, chat, pictures
        using var policy = QwenVlPolicy.Load(model, device);               // its weights
        using var optimizer = new AdamWOptimizer(policy.Module);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });

        var brief = RewardFunction.From("brief", (_, completion) => completion.TokenIds.Count < 256 ? 1 : 0);
        var rewards = VisionReasonerRewards.Suite().With(brief, weight: 0.1);

        VisionExample[] rows = [.. JsonLinesDataset.Load(data, new RowOptions { Prompt = encoder.GroundingPrompt })
            .Select(encoder.InModelFrame)];                                // boxes in the coordinates that this model speaks
        var order = new EpochCursor(rows.Length, seed: 1);

        var parts = TrainerParts.ViSurf(encoder, policy, sampler, rewards, optimizer);     // or Grpo, or Sft, or your own
        var trainer = new Trainer(parts, options);
        for (var step = 0; step < steps; step++)
            Console.WriteLine(trainer.Step([.. order.Next(options.PromptsPerStep).Select(i => rows[i])]));

        policy.Save(output);                                               // a whole checkpoint directory again
        // </example>
    }

    /// <summary>The lines between two marks, without the indentation they have in common; the marks must be the first of their kind.</summary>
    private static string[] Between(string text, string open, string close)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').SkipWhile(l => l.Trim() != open).Skip(1).TakeWhile(l => l.Trim() != close).ToArray();
        lines.Should().NotBeEmpty("there is {0} … {1}", open, close);
        var indent = lines.Where(l => l.Trim().Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return [.. lines.Select(l => l.Length < indent ? "" : l[indent..].TrimEnd())];
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(ReadmeExample).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
