using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>Says, before anything of a step is computed, when it may need more memory than there is.</summary>
internal static class MemoryCheck
{
    /// <summary>
    /// What to tell, or null: it fits, or nothing is known of the policy's memory or the device's. Planned with the step's own prompts, and
    /// completions as long as they may be.
    /// </summary>
    public static string? Warning(TrainerParts parts, TrainerOptions options, IReadOnlyList<EncodedPrompt> prompts)
    {
        var device = parts.Optimizer.Device;
        var parameters = ParameterSize.Of(parts.Policy.Module);
        if (parts.Policy.Memory is not { } model || FreeMemory.On(device) is not { } free || !parameters.Any(p => p.Trains)) return null;
        var step = Step(parts, options, prompts);
        MemoryPlan Plan(int tokens) => MemoryPlan.Of(
            model, parameters, step, options with { PromptsPerStep = prompts.Count, MicroBatchTokens = tokens },
            parts.Optimizer.Options, device: device);
        // What is there already is not asked for again.
        var held = parameters.Sum(p => p.Bytes) + parts.Optimizer.StateBytes;
        return Warning(Plan, options, held, free, device.ToString());
    }

    /// <param name="plan">The plan with so many tokens a micro-batch.</param>
    /// <param name="options">The trainer's.</param>
    /// <param name="held">Bytes of the plan that are there already.</param>
    /// <param name="free">Bytes that are free.</param>
    /// <param name="device">Where.</param>
    internal static string? Warning(Func<int, MemoryPlan> plan, TrainerOptions options, long held, long free, string device)
    {
        var planned = plan(options.MicroBatchTokens);
        if (planned.Peak - held <= free) return null;
        return $"This step may run out of memory: by the plan it needs {Gigabytes(planned.Peak - held)} GB beside what is loaded, "
            + $"and {Gigabytes(free)} GB are free on {device}. "
            + Remedy(plan, options, held, free, planned) + Environment.NewLine + planned;
    }

    private static string Remedy(Func<int, MemoryPlan> plan, TrainerOptions options, long held, long free, MemoryPlan planned)
    {
        if (planned.RolloutPeak - held > free)
            return "Its rollouts alone do not fit: let the sampler decode fewer rows at once (maxTokens of AutoregressiveSampler), "
                + "or lower GroupSize or MaxNewTokens.";
        // Completions as long as they may be: below one row nothing can be cut.
        for (var tokens = options.MicroBatchTokens / 2; tokens >= options.MaxNewTokens / 2 && tokens > 0; tokens /= 2)
            if (plan(tokens).Peak - held <= free)
                return $"MicroBatchTokens = {tokens} instead of {options.MicroBatchTokens} fits and gives the same gradient; "
                    + "RecomputeLayers keeps a fraction of the activations, for a third more time.";
        return "Smaller micro-batches alone do not make it fit: recompute layers (RecomputeLayers = true), train an adapter, "
            + "keep moments in bfloat16 (AdamWOptions.StateType), or lower MaxNewTokens.";
    }

    private static StepSize Step(TrainerParts parts, TrainerOptions options, IReadOnlyList<EncodedPrompt> prompts) => new()
    {
        PromptTokens = prompts.Max(p => p.TokenIds.Count),
        Patches = prompts.Max(p => p.Grids.Sum(g => g.Patches)),
        PatchWidth = prompts.Select(p => (int?)p.Pixels?.shape[1]).FirstOrDefault(width => width is not null) ?? 1176,
        WithLabels = parts.Demonstrations is not null,
        WithRollouts = parts.Sampler is not null,
        // A prompt of the budget is itself and its rows at full length.
        DecodeRows = Wrappers.FindAll<AutoregressiveSampler>(parts.Sampler)
            .Select(s => s.MaxTokens
                / (prompts.Max(p => p.TokenIds.Count) + (long)options.GroupSize * options.MaxNewTokens) * options.GroupSize)
            .Select(rows => (int)Math.Clamp(rows, options.GroupSize, int.MaxValue)).FirstOrDefault(int.MaxValue),
    };

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0", CultureInfo.InvariantCulture);
}
