using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>What is known of a micro-batch before the first update and stays fixed through all of them; the tensors live in the step's scope.</summary>
/// <param name="Old">log π_old [N, T]; null means "current, detached".</param>
/// <param name="Reference">log π_ref [N, T], or null.</param>
/// <param name="PolicyTokens">bool [N, T], the tokens the policy term acts on; null for all.</param>
internal sealed record FrozenScores(Tensor? Old, Tensor? Reference, Tensor? PolicyTokens)
{
    /// <summary>Scores every micro-batch, cut exactly as the update is, so that the first ratio is exactly 1. No pass is made that nothing needs.</summary>
    public static FrozenScores[] Of(
        UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, IPolicy policy, IPolicy? reference, TokenFocus? focus, TrainerOptions options,
        CancellationToken cancellation)
    {
        using var grad = no_grad();
        var scores = plan.MicroBatches.Select(rows => Score(rows, prompts, policy, reference, focus, options, cancellation)).ToArray();
        if (focus is null || scores.Length == 0) return [.. scores.Select(s => new FrozenScores(s.Old, s.Reference, null))];
        var candidates = scores.Where(s => s.Entropies!.numel() > 0).Select(s => s.Entropies!).ToArray();
        if (candidates.Length == 0) return [.. scores.Select(s => new FrozenScores(s.Old, s.Reference, null))];
        var threshold = TopEntropy.Threshold(candidates, focus.Fraction);
        return [.. scores.Select(s => new FrozenScores(s.Old, s.Reference, Focus(s, threshold)))];
    }

    private static Tensor Focus(Scores scores, Tensor threshold)
    {
        using var scope = NewDisposeScope();
        var kept = TopEntropy.Mask(scores.Entropy!, scores.Candidates!, threshold);
        return (kept | (scores.Candidates!.logical_not() & scores.Mask!)).MoveToOuterDisposeScope();
    }

    private static Scores Score(
        IReadOnlyList<TrainingRow> rows, IReadOnlyList<EncodedPrompt> prompts, IPolicy policy, IPolicy? reference, TokenFocus? focus, TrainerOptions options,
        CancellationToken cancellation)
    {
        var old = options.UpdatesPerRollout > 1 || rows.Any(row => row.ReplayedLogProbs is not null);
        if (!old && reference is null && focus is null) return new Scores();
        cancellation.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        using var batch = MicroBatch.Build(rows, prompts, options.Temperature, withEntropy: focus is not null);
        var result = new Scores();
        if (old || focus is not null)
        {
            using var ours = policy.Score(batch.Sequences);
            if (old) result.Old = Keep(WithReplayed(ours.LogProbs, rows));
            if (focus is not null) AddEntropy(result, ours, batch, focus);
        }
        if (reference is not null)
        {
            using var theirs = reference.Score(batch.Sequences);
            result.Reference = Keep(theirs.LogProbs);
        }
        return result;
    }

    private static void AddEntropy(Scores result, TokenScores ours, MicroBatch batch, TokenFocus focus)
    {
        var entropy = ours.Entropy ?? throw new InvalidOperationException(
            "Expected scores with entropy for TrainerParts.Focus, got none. The policy's Score must honour SequenceBatch.WithEntropy.");
        var mask = batch.Sequences.CompletionMask.to(entropy.device);
        var candidates = focus.LabelTokensOnly ? mask & batch.LabelTokens(entropy.device) : mask;
        (result.Entropy, result.Mask, result.Candidates) = (Keep(entropy), Keep(mask), Keep(candidates));
        result.Entropies = Keep(entropy.masked_select(candidates));
    }

    /// <summary>Rollouts of an earlier step keep the log-probabilities they were drawn with.</summary>
    private static Tensor WithReplayed(Tensor current, IReadOnlyList<TrainingRow> rows)
    {
        if (rows.All(row => row.ReplayedLogProbs is null)) return current;
        var (values, known) = PaddedNumbers.Of([.. rows.Select(row => row.ReplayedLogProbs)], (int)current.shape[1]);
        return where(tensor(known, current.shape, device: current.device), tensor(values, current.shape, device: current.device).to(current.dtype), current);
    }

    private static Tensor Keep(Tensor tensor) => tensor.detach().clone().MoveToOuterDisposeScope();

    private sealed class Scores
    {
        public Tensor? Old { get; set; }

        public Tensor? Reference { get; set; }

        /// <summary>[N, T].</summary>
        public Tensor? Entropy { get; set; }

        /// <summary>bool [N, T]; false where padded.</summary>
        public Tensor? Mask { get; set; }

        /// <summary>bool [N, T]; the tokens the quantile is of.</summary>
        public Tensor? Candidates { get; set; }

        /// <summary>Their entropies, in one dimension.</summary>
        public Tensor? Entropies { get; set; }
    }
}
