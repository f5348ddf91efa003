using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Training;

/// <summary>The largest step that is expected: what a <see cref="MemoryPlan"/> plans for.</summary>
public sealed record StepSize
{
    /// <summary>Tokens of a prompt, image placeholders expanded; at most <see cref="TrainerOptions.MaxPromptTokens"/>.</summary>
    public required int PromptTokens { get; init => field = Guard.Positive(value); }

    /// <summary>Patches of a prompt's pictures before the spatial merge: four for each placeholder of a Qwen-VL prompt.</summary>
    /// <value>0: prompts without pictures.</value>
    public int Patches { get; init => field = Guard.NotNegative(value); }

    /// <summary>Numbers of a patch.</summary>
    /// <value>1176, that of Qwen2-VL and Qwen2.5-VL: 3 channels × 2 frames × 14 × 14.</value>
    public int PatchWidth { get; init => field = Guard.Positive(value); } = 1176;

    /// <summary>Whether a label joins each group.</summary>
    /// <value>true, as in ViSurf.</value>
    public bool WithLabels { get; init; } = true;

    /// <summary>Whether rollouts are sampled; false for supervised fine-tuning.</summary>
    /// <value>true.</value>
    public bool WithRollouts { get; init; } = true;

    /// <summary>Most rows decoded together, the sampler's limit.</summary>
    /// <value>No limit.</value>
    public int DecodeRows { get; init => field = Guard.Positive(value); } = int.MaxValue;

    /// <summary>The session that decodes most.</summary>
    internal PassSize Decode(TrainerOptions options)
    {
        var prompts = Math.Min(options.PromptsPerStep, Math.Max(1, DecodeRows / options.GroupSize));
        return new PassSize(prompts, PromptTokens, (long)prompts * Patches, prompts * options.GroupSize, options.MaxNewTokens);
    }

    /// <summary>Every micro-batch when all completions are as long as they may be: padded or packed is the same then.</summary>
    internal IReadOnlyList<PassSize> MicroBatches(TrainerOptions options)
    {
        var completion = new Completion(new int[options.MaxNewTokens], "", FinishReason.Length, CompletionSource.Policy);
        var rows = Enumerable.Range(0, options.PromptsPerStep)
            .SelectMany(q => Enumerable.Range(0, (WithRollouts ? options.GroupSize : 0) + (WithLabels ? 1 : 0)).Select(_ => new TrainingRow(q, completion, 1, 1))).ToArray();
        if (rows.Length == 0) throw new ArgumentException("Expected a step WithRollouts, WithLabels or both, got neither: there would be nothing to train on.");
        var lengths = Enumerable.Repeat(PromptTokens, options.PromptsPerStep).ToArray();
        return [.. new MicroBatcher(options.MicroBatchTokens, options.MicroBatchRows).Split(rows, lengths).Select(batch =>
        {
            var prompts = batch.Select(row => row.PromptIndex).Distinct().Count();
            return new PassSize(prompts, PromptTokens, (long)prompts * Patches, batch.Count, options.MaxNewTokens);
        })];
    }
}
