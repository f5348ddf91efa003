using System.Globalization;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>N steps = k steps, a resume in new objects, and N − k steps: to the last bit, on a real checkpoint with real pictures.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [CpuTheory("a GPU adds the parts of a gradient in any order")]
    [InlineData("sft frozen")]
    [InlineData("sft lora")]
    [InlineData("grpo")]
    [InlineData("grpo mu average")]
    [InlineData("grpo lora bfloat16")]
    [InlineData("visurf mu")]
    [InlineData("visurf lora adapter-off")]
    [InlineData("sft bfloat16 mu")]
    [InlineData("sft bfloat16 small-state")]
    public void Four_steps_are_two_a_resume_and_two(string method)
    {
        var (whole, resumed) = (new List<string>(), new List<string>());
        using var store = CheckpointStore.Open(_folder.File("run"), new CheckpointOptions { KeepLast = 10 });
        string begin, end;
        using (var run = new TinyRun(method, Options(whole), store))
        {
            begin = run.Hash();
            run.Run.Run();
            end = run.Hash();
            run.Optimizer.Updates.Should().BePositive("there was something to learn");
        }
        end.Should().NotBe(begin);

        using var again = new TinyRun(method, Options(resumed), store);
        again.Hash().Should().Be(begin, "it begins from the files of the model");
        again.Run.Resume(store.List().Single(c => c.Step == 2))!.Step.Should().Be(2);
        again.Run.Run();
        again.Hash().Should().Be(end);
        whole.Should().HaveCount(7, "three evaluations and four steps");
        resumed.Should().Equal(whole.Skip(3), "the evaluation that the checkpoint holds, steps 2 and 3 and the last evaluation");
    }

    [Fact]
    public void The_weights_of_a_checkpoint_are_a_model_that_loads_on_its_own()
    {
        using var store = CheckpointStore.Open(_folder.File("run"));
        using var run = new TinyRun("sft", Options([]) with { Steps = 1 }, store);
        run.Run.Run();
        using var loaded = QwenVlPolicy.Load(store.Latest()!.WeightsDirectory, TestDevice.Value);
        loaded.Weights().Zip(run.Policy.Weights()).Should().OnlyContain(p => p.First.Name == p.Second.Name && p.First.Value.eq(p.Second.Value).all().item<bool>());
        QwenPromptEncoder.Load(store.Latest()!.WeightsDirectory).StopIds.Should().NotBeEmpty("the tokenizer is there too");
    }

    [Fact]
    public void A_checkpoint_of_an_adapter_holds_the_adapter_alone_and_knows_the_weights_below_it()
    {
        using var store = CheckpointStore.Open(_folder.File("run"));
        using (var run = new TinyRun("sft lora", Options([]) with { Steps = 1 }, store)) run.Run.Run();
        var checkpoint = store.Latest()!;
        Directory.GetFiles(checkpoint.WeightsDirectory).Select(path => Path.GetFileName(path)).Should().BeEquivalentTo("adapter_config.json", "adapter_model.safetensors");

        using var whole = new TinyRun("sft", Options([]));
        FluentActions.Invoking(() => whole.Run.Resume(checkpoint)).Should().Throw<InvalidDataException>()
            .WithMessage("*is of another model*lora_A*Float32*in the checkpoint, not trained here*same adapter attached*");

        using var elsewhere = new TinyRun("sft lora", Options([]));
        using (torch.no_grad()) elsewhere.Policy.Module.parameters().First(p => !p.requires_grad).PlusInPlace(1);
        FluentActions.Invoking(() => elsewhere.Run.Resume(checkpoint)).Should().Throw<InvalidDataException>().WithMessage("*frozen weights beside them are others*");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Four steps, a checkpoint and an evaluation after every second; each writes a line with every digit.</summary>
    private static TrainingRunOptions Options(List<string> lines) => new()
    {
        Steps = 4,
        SaveEvery = 2,
        EvaluateEvery = 2,
        Evaluate = (step, _) => new Dictionary<string, double> { ["step"] = step },
        AfterStep = report => lines.Add(ReportText.Of(report)),
        AfterEvaluation = (step, metrics) => lines.Add(string.Create(CultureInfo.InvariantCulture, $"evaluated {step}: {metrics["step"]}")),
    };
}
