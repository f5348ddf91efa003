using Samples.Shared;
using TinyBase.Checkpoint;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>A step whose memory is planned and measured.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Workload">Pictures and lengths.</param>
/// <param name="Model">Sizes of the model.</param>
/// <param name="Type">Dtype of the policy.</param>
/// <param name="Frozen">What does not train; null when all does.</param>
internal sealed record MemoryCase(string Name, Workload Workload, TinyConfig Model, ScalarType Type, ParameterFilter? Frozen = null)
{
    public static IReadOnlyList<MemoryCase> All { get; } =
    [
        new("35M-W1", Workload.W1, RandomCheckpoint.Medium, ScalarType.Float32),
        new("35M-W2", Workload.W2, RandomCheckpoint.Medium, ScalarType.Float32),
        new("104M-W1", Workload.W1, RandomCheckpoint.Large, ScalarType.Float32),
        new("104M-W1-bfloat16", Workload.W1, RandomCheckpoint.Large, ScalarType.BFloat16),
        new("104M-W1-frozen-vision", Workload.W1, RandomCheckpoint.Large, ScalarType.Float32, ParameterFilter.Vision),
        new("smoke", Workload.Smoke, new(), ScalarType.Float32),
    ];

    /// <summary>Plans, then runs two steps and reads the peaks off. To be called in a process of its own.</summary>
    public MemoryMeasurement Measure()
    {
        // Memory does not depend on the number of threads, and on a busy machine several of them wait for each other.
        set_num_threads(1);
        // A small step first: compiled code, libtorch's threads and buffers are no memory of the model.
        using (var small = new StepParts(Workload with { Side = 56, NewTokens = 8 }, new TinyConfig(), Type, null)) small.Step();
        ResidentMemory.Release();
        var before = ResidentMemory.Now;

        using var parts = new StepParts(Workload, Model, Type, Frozen);
        var plan = parts.Plan();
        ResidentMemory.ForgetPeak();
        for (var i = 0; i < 2; i++) parts.Step();
        var step = ResidentMemory.Peak - before;

        ResidentMemory.Release();
        ResidentMemory.ForgetPeak();
        parts.Rollout();
        return new MemoryMeasurement(plan, parts.Parameters, ResidentMemory.Peak - before, step);
    }

    /// <summary>A policy of random weights with everything that trains it.</summary>
    private sealed class StepParts : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Workload _workload;
        private readonly IReadOnlyList<VisionExample> _examples;
        private readonly QwenPromptEncoder _encoder;
        private readonly QwenVlPolicy _policy;
        private readonly AdamWOptimizer _optimizer;
        private readonly Trainer _trainer;

        public StepParts(Workload workload, TinyConfig model, ScalarType type, ParameterFilter? frozen)
        {
            (_workload, _examples) = (workload, workload.Examples());
            RandomCheckpoint.Write(_folder.Path, model with { WeightType = ModelType.Name(type) });
            RandomCheckpoint.WriteWeights(_folder.Path, type, CPU, seed: 1);
            _encoder = QwenPromptEncoder.Load(_folder.Path);
            _policy = QwenVlPolicy.Load(_folder.Path, type: type);
            if (frozen is not null) Freezing.Freeze(_policy.Module, frozen);
            _optimizer = new AdamWOptimizer(_policy.Module);
            _trainer = new Trainer(TrainerParts.ViSurf(_encoder, _policy, Workload.Sampler(_encoder), Workload.Rewards(), _optimizer), Options);
        }

        public long Parameters => RandomCheckpoint.Parameters(_policy);

        /// <summary>With this variable malloc gives every larger tensor pages of its own, and returns them: there are no gaps.</summary>
        private static double Slack => Environment.GetEnvironmentVariable("MALLOC_MMAP_THRESHOLD_") is null ? MemoryPlan.MallocSlack : 0;

        private TrainerOptions Options => _workload.TrainerOptions(null) with { PromptsPerStep = _workload.Prompts };

        public MemoryPlan Plan()
        {
            var prompts = Prompts.Encode(_encoder, _examples);
            var (tokens, patches) = (prompts.Max(p => p.TokenIds.Count), prompts.Max(p => p.Grids.Sum(g => g.Patches)));
            foreach (var prompt in prompts) prompt.Dispose();
            return MemoryPlan.Of(QwenVlMemory.Of(_policy), ParameterSize.Of(_policy.Module),
                new StepSize { PromptTokens = tokens, Patches = patches, PatchWidth = _policy.Config.Vision is { } vision ? vision.PatchWidth : 1 }, Options, slack: Slack);
        }

        public void Step() => _trainer.Step(_examples);

        public void Rollout()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var prompts = Prompts.Encode(_encoder, _examples);
            using (var batch = Collator.Prompts(prompts))
                Workload.Sampler(_encoder).Sample(_policy, batch, new RolloutRequest(Options.GroupSize, Options.MaxNewTokens, Seed: 1));
            foreach (var prompt in prompts) prompt.Dispose();
        }

        public void Dispose()
        {
            _optimizer.Dispose();
            _policy.Dispose();
            _folder.Dispose();
        }
    }
}

/// <summary>Bytes beyond what the process needed for a model of 1.5M parameters.</summary>
internal sealed record MemoryMeasurement(MemoryPlan Plan, long Parameters, long Rollout, long Step);
