using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>One line of a plan.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Bytes">How large it is.</param>
/// <param name="When">When it is there.</param>
public sealed record MemoryPart(string Name, long Bytes, string When);

/// <summary>
/// An estimate of the memory of a training step before the first one is made: what there is at once when most is there. What the process and
/// libtorch (on CUDA the context too) need before a model is loaded comes on top.
/// </summary>
/// <remarks><see cref="ToString"/> is the table. docs/benchmarks.md compares plans with measurements.</remarks>
public sealed class MemoryPlan
{
    /// <summary>
    /// What glibc's malloc holds in gaps between tensors, as a share of the activations: 0.25 to 0.4 in the measurements of
    /// docs/benchmarks.md. There it is 0 in a process that is started with <c>MALLOC_MMAP_THRESHOLD_=65536</c>, which makes a step somewhat slower.
    /// </summary>
    public const double MallocSlack = 0.3;

    /// <summary>
    /// The same for libtorch's allocator on CUDA, which cuts its blocks to measure: an assumption, nothing has been measured there. Where
    /// lengths vary much, <c>PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True</c> in the environment keeps it low.
    /// </summary>
    public const double CudaSlack = 0.1;

    /// <summary>CUDA's context with its kernels (0.6 GB), cuBLAS's workspaces and the sampler's: an assumption too.</summary>
    private const long CudaContext = 700_000_000;

    private MemoryPlan(IReadOnlyList<MemoryPart> parts, long rollout, long update) => (Parts, RolloutPeak, UpdatePeak) = (parts, rollout, update);

    /// <summary>What there is, in the order of a step.</summary>
    public IReadOnlyList<MemoryPart> Parts { get; }

    /// <summary>Most bytes at once while rollouts are sampled; 0 without rollouts.</summary>
    public long RolloutPeak { get; }

    /// <summary>Most bytes at once while the policy is updated.</summary>
    public long UpdatePeak { get; }

    /// <summary>Most bytes at once.</summary>
    public long Peak => Math.Max(RolloutPeak, UpdatePeak);

    /// <summary>Plans for a step with the largest prompts and completions, from the second step on: the first has no moments yet.</summary>
    /// <param name="model">The policy's, for instance <c>QwenVlMemory.Of(policy)</c>.</param>
    /// <param name="parameters">The policy's parameters: <see cref="ParameterSize.Of"/>, or from a checkpoint's headers before anything is loaded.</param>
    /// <param name="step">The largest step.</param>
    /// <param name="options">Group size, lengths, micro-batch budget; null for the defaults.</param>
    /// <param name="optimizer">What AdamW keeps; null for the defaults.</param>
    /// <param name="slack">
    /// What the allocator holds beside live tensors, as a share of activations and cache; 0 counts tensors alone. Null for
    /// <see cref="MallocSlack"/> on a CPU and <see cref="CudaSlack"/> on CUDA.
    /// </param>
    /// <param name="device">Where the policy is; null for the CPU. On CUDA its context is part of the plan.</param>
    /// <exception cref="ArgumentException">No parameter trains, or the step has neither rollouts nor labels.</exception>
    public static MemoryPlan Of(
        IMemoryModel model, IReadOnlyList<ParameterSize> parameters, StepSize step, TrainerOptions? options = null, AdamWOptions? optimizer = null,
        double? slack = null, Device? device = null)
    {
        Guard.NotNull(model);
        Guard.NotNull(step);
        var onCuda = device?.type == DeviceType.CUDA;
        var share = Guard.NotNegative(slack ?? (onCuda ? CudaSlack : MallocSlack), nameof(slack));
        (options, optimizer) = (options ?? new TrainerOptions(), optimizer ?? new AdamWOptions());
        var trained = Guard.NotNull(parameters).Where(p => p.Trains).ToArray();
        if (trained.Length == 0) throw new ArgumentException("Expected parameters that train, got none: nothing would be updated.", nameof(parameters));

        var weights = parameters.Sum(p => p.Bytes);
        var gradients = trained.Sum(p => p.Bytes);
        var moments = trained.Sum(p => 2 * p.Elements * BytesOfMoment(p, optimizer));
        var masters = optimizer.MasterWeights ? trained.Sum(p => p.Type is ScalarType.BFloat16 or ScalarType.Float16 ? 4 * p.Elements : 0) : 0;
        var patch = 4L * step.PatchWidth * step.Patches;
        var pixels = patch * options.PromptsPerStep;

        var decode = step.WithRollouts ? model.Decode(step.Decode(options)) : new DecodeMemory(0, 0, 0, 0);
        var batches = step.MicroBatches(options);
        var (score, batch) = batches.Select(b => (Memory: model.Score(b), Size: b)).MaxBy(b => Saved(b.Memory));
        // The micro-batch has its pixels in one tensor besides those of its prompts; so has the batch that is decoded.
        var batchPixels = patch * batch.Prompts;
        // AdamW's temporaries: a gradient and a denominator in float32, and as much again for each thing that is rounded.
        var updateWork = Math.Min(TensorParts.Elements, trained.Max(p => p.Elements)) * 4L * (masters > 0 || optimizer.StateType == ScalarType.BFloat16 ? 8 : 2);
        // A later micro-batch finds the gradients of the earlier ones, and makes each of its own before it is added.
        var earlier = batches.Count > 1 ? gradients + trained.Max(p => p.Bytes) : 0;

        var context = onCuda ? CudaContext : 0;
        // Pixels stay in host memory; what a pass needs of them is on the device for as long as the tower runs.
        var always = weights + moments + masters + (onCuda ? context : pixels);
        var held = (long)(share * Math.Max(Saved(score), decode.Cache + decode.PromptWork));
        long[] moment =
        [
            batchPixels + Saved(score) + Math.Max(score.LogitsWork, score.CompletionWork - score.Logits) + earlier + held,   // the loss is there
            batchPixels + score.Vision + score.Prompts + score.PromptWork + gradients + Math.Min(earlier, trained.Max(p => p.Bytes)) + held,
            gradients + updateWork,
        ];
        var rollout = step.WithRollouts
            ? always + pixels + (long)(share * (decode.Cache + decode.PromptWork))
                + Math.Max(decode.PromptWork + decode.PromptCache, decode.Cache + Math.Max(decode.PromptCache, decode.StepWork))
            : 0;
        return new MemoryPlan(
        [
            new("weights", weights, "always"),
            new("CUDA: context and workspaces", context, "always"),
            new("AdamW: moments", moments, "from the first update on"),
            new("AdamW: float32 copies of weights", masters, "from the first update on"),
            new("pixels", pixels + Math.Max(batchPixels, step.WithRollouts ? pixels : 0), "during a step"),
            new("rollout: cache of keys and values", decode.Cache, "rollout"),
            new("rollout: reading pictures and prompts", decode.PromptWork + decode.PromptCache, "rollout, before the cache"),
            new("rollout: logits of one token", decode.StepWork, "rollout"),
            new("activations: vision tower", score.Vision, "update, until its backward pass"),
            new("activations: prompts", score.Prompts, "update, until their backward pass"),
            new("activations: completions", score.Completions, "update, until their backward pass"),
            new("activations: logits", score.Logits, "update, until their backward pass"),
            new("backward pass, temporary", Math.Max(score.LogitsWork, Math.Max(score.CompletionWork, score.PromptWork)), "update"),
            new("allocator, between tensors", held, "rollout and update"),
            new("gradients", gradients, "update, from the backward pass on"),
            new("AdamW, temporary", updateWork, "update, at its end"),
        ], rollout, always + moment.Max());
    }

    /// <inheritdoc/>
    public override string ToString() => MemoryPlanText.Table(this);

    private static long Saved(ScoreMemory score) => score.Vision + score.Prompts + score.Completions + score.Logits;

    private static long BytesOfMoment(ParameterSize parameter, AdamWOptions options)
        => options.StateType == ScalarType.BFloat16 ? 2 : parameter.Type == ScalarType.Float64 ? 8 : 4;
}
