using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>Rows as tensors: only the prompts these rows need, and their completions. Owns its tensors.</summary>
public sealed class MicroBatch : IDisposable
{
    private MicroBatch(IReadOnlyList<TrainingRow> rows, PromptBatch prompts, SequenceBatch sequences)
        => (Rows, Prompts, Sequences) = (rows, prompts, sequences);

    /// <summary>The rows, in the order of the tensors.</summary>
    public IReadOnlyList<TrainingRow> Rows { get; }

    /// <summary>The distinct prompts of the rows.</summary>
    public PromptBatch Prompts { get; }

    /// <summary>What a policy scores.</summary>
    public SequenceBatch Sequences { get; }

    /// <summary>Collates rows of one or more groups.</summary>
    /// <param name="rows">At least one.</param>
    /// <param name="prompts">All prompts of the step, by <see cref="TrainingRow.PromptIndex"/>; they stay the caller's.</param>
    /// <param name="temperature">See <see cref="TrainerOptions.Temperature"/>.</param>
    /// <param name="withEntropy">See <see cref="TrainerOptions.WithEntropy"/>.</param>
    public static MicroBatch Build(
        IReadOnlyList<TrainingRow> rows, IReadOnlyList<EncodedPrompt> prompts, double temperature = 1.0, bool withEntropy = false)
    {
        Guard.NotNull(rows);
        Guard.NotNull(prompts);
        var needed = rows.Select(row => row.PromptIndex).Distinct().ToList();
        var batch = Collator.Prompts(needed.Select(q => prompts[q]).ToArray());
        try
        {
            var sequences = rows.Select(row => (needed.IndexOf(row.PromptIndex), row.Completion.TokenIds)).ToArray();
            return new MicroBatch(rows, batch, Collator.Sequences(batch, sequences, temperature, withEntropy));
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>What an objective needs beside the scores. Owned by the caller.</summary>
    /// <param name="scale">Sizes of the whole step.</param>
    /// <param name="device">The device of the scores.</param>
    /// <param name="oldLogProbs">[N, T] or null; stays the caller's.</param>
    /// <param name="referenceLogProbs">[N, T] or null; stays the caller's.</param>
    /// <param name="policyTokens">bool [N, T], see <see cref="UpdateBatch.PolicyTokenMask"/>, or null; stays the caller's.</param>
    /// <param name="step">Index of the step.</param>
    public UpdateBatch Update(
        LossScale scale, Device device, Tensor? oldLogProbs = null, Tensor? referenceLogProbs = null, Tensor? policyTokens = null, long step = 0) => new()
    {
        Advantages = Column(row => (float)row.Advantage, device),
        CompletionMask = Sequences.CompletionMask.to(device, copy: true),
        IsDemonstration = tensor(Rows.Select(row => row.IsDemonstration).ToArray(), [Rows.Count, 1], device: device),
        SequenceWeights = Column(row => (float)row.Weight, device),
        Scale = scale,
        OldLogProbs = oldLogProbs?.alias(),
        ReferenceLogProbs = referenceLogProbs?.alias(),
        LabelTokenMask = Rows.Any(row => row.Completion.PrefixTokens > 0) ? LabelTokens(device) : null,
        PolicyTokenMask = policyTokens?.alias(),
        Rewards = Column(row => (float)row.Reward, device),
        Step = step,
    };

    /// <summary>bool [N, T], true for tokens that a label wrote; false where padded. Owned by the caller.</summary>
    public Tensor LabelTokens(Device device)
    {
        var width = (int)Sequences.CompletionMask.shape[1];
        return tensor(Rows.SelectMany(row => Enumerable.Range(0, width).Select(t => t < row.LabelTokens)).ToArray(), [Rows.Count, width], device: device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Sequences.Dispose();
        Prompts.Dispose();
    }

    private Tensor Column(Func<TrainingRow, float> value, Device device)
        => tensor(Rows.Select(value).ToArray(), [Rows.Count, 1], device: device);
}
