using Samples.Shared;
using Spectre.Console;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace Inspect;

/// <summary>From cheap to expensive: configuration, headers, memory plan, and only then the weights and an answer.</summary>
internal static class InspectRun
{
    public static void Execute(InspectOptions options, CancellationToken cancel)
    {
        var device = DeviceOf(options.Device);
        var (config, entries) = Headers(options.Model);
        var encoder = QwenPromptEncoder.Load(options.Model);
        var example = VisionExample.Ask("question", options.Question, null, options.Image is null || config.Vision is null ? [] : [ImageSource.FromFile(options.Image)]);
        var step = SizeOf(encoder, example, config);

        Console.WriteLine($"{options.Model}: {config.ModelType}, {config.Text.Layers} layers of width {config.Text.HiddenSize}, vocabulary {config.Text.VocabularySize}");
        AnsiConsole.Write(PartTable.Of("Parameters", CheckpointPart.Of(entries)));
        if (config.TiedHead) Console.WriteLine("The head is the embedding (tied).");
        if (options.Adapter is null) Show(PlanOfHeaders(entries, config, options, step), options, step);

        using var policy = QwenVlPolicy.Load(options.Model, device, options.Type);
        using var adapter = options.Adapter is null ? null : LoraAdapter.Load(policy, options.Adapter);
        if (options.Adapter is { } folder)
        {
            using var file = SafeTensorsReader.Open(Path.Combine(folder, "adapter_model.safetensors"));
            AnsiConsole.Write(PartTable.Of("Adapter", CheckpointPart.Of(file.Entries.Values)));
            Show(MemoryPlan.Of(QwenVlMemory.Of(policy), ParameterSize.Of(policy.Module), step, Trainer(options)), options, step);
        }

        var greedy = new SamplingOptions { Temperature = 0, StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds };
        var evaluator = new Evaluator(encoder, policy, new AutoregressiveSampler(greedy)) { MaxNewTokens = options.NewTokens };
        var answer = evaluator.Run([example], cancellation: cancel)[0].Completion;
        Console.WriteLine(example.Images.Count == 0 ? options.Question : $"{options.Image}: {options.Question}");
        Console.WriteLine(answer.Text + (answer.FinishReason == FinishReason.Length ? $" … (cut after {options.NewTokens} tokens)" : ""));
    }

    /// <summary>The configuration, and every tensor that a policy would load.</summary>
    private static (QwenVlConfig Config, TensorEntry[] Entries) Headers(string model)
    {
        using var checkpoint = CheckpointReader.Open(model);
        var config = QwenVlConfigReader.Read(model, checkpoint);
        return (config, [.. checkpoint.Names.Where(name => !(config.TiedHead && name == "lm_head.weight")).Select(checkpoint.Entry)]);
    }

    /// <summary>A step of prompts like this one.</summary>
    private static StepSize SizeOf(QwenPromptEncoder encoder, VisionExample example, QwenVlConfig config)
    {
        using var prompt = encoder.Encode(example);
        return new StepSize
        {
            PromptTokens = prompt.TokenIds.Count,
            Patches = prompt.Grids.Sum(grid => grid.Patches),
            PatchWidth = config.Vision is { } vision ? vision.PatchWidth : 1,
        };
    }

    private static MemoryPlan PlanOfHeaders(TensorEntry[] entries, QwenVlConfig config, InspectOptions options, StepSize step)
    {
        var parameters = entries.Select(e => new ParameterSize(e.Name, CheckpointPart.Count(e), options.Type, options.Frozen?.Contains(e.Name) != true)).ToArray();
        var memory = new QwenVlMemory(config, options.Type, [.. parameters.Where(p => p.Trains).Select(p => p.Name)]);
        return MemoryPlan.Of(memory, parameters, step, Trainer(options));
    }

    private static TrainerOptions Trainer(InspectOptions options)
        => new() { PromptsPerStep = options.Prompts, GroupSize = options.Group, MaxNewTokens = options.NewTokens };

    private static void Show(MemoryPlan plan, InspectOptions options, StepSize step)
    {
        Console.WriteLine($"A ViSurf step of {options.Prompts} prompts like this one ({step.PromptTokens} tokens), each with {options.Group} rollouts of up to {options.NewTokens} tokens and a label:");
        Console.WriteLine(plan);
        Console.WriteLine();
    }

    /// <exception cref="ArgumentException">There is no such device.</exception>
    private static torch.Device DeviceOf(string name)
    {
        try
        {
            return TorchBackend.Device(name);
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }
}
