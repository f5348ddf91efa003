using System.Collections.Frozen;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// What the trainer itself measures on the scores of an update, whatever the objective. Means are over the rows that are scored: a group that is
/// skipped has no scores, and counting it as 0 would move every number with the fraction of skipped groups.
/// </summary>
internal static class ScoreMetrics
{
    /// <summary>
    /// Mean |log π(sampler) − log π(scored)| per rollout token in nats. Near 0 when the sampler and <c>Score</c> agree; a large value
    /// means another temperature, stale weights or dropout.
    /// </summary>
    public const string SamplerDrift = "sampler_drift";

    /// <summary>The largest such difference.</summary>
    public const string SamplerDriftMax = "sampler_drift_max";

    /// <summary>Mean over labels of the mean log-probability of a label's tokens.</summary>
    public const string LabelLogProb = "label_log_prob";

    /// <summary>Mean over labels of the mean of π_θ/π_old over a label's tokens; 1 in the first update.</summary>
    public const string LabelRatio = "label_ratio";

    /// <summary>Mean of π_θ/π_old over the policy's own tokens; 1 in the first update, unless rollouts are replayed.</summary>
    public const string RolloutRatio = "rollout_ratio";

    /// <summary>Mean entropy of the policy's own tokens in nats.</summary>
    public const string RolloutEntropy = "rollout_entropy";

    /// <summary>Mean entropy where a label wrote the token, in nats.</summary>
    public const string LabelEntropy = "label_entropy";

    /// <summary>
    /// By the name that people know and objectives use, the number of ours that says it better: an objective's own mean counts what was not scored
    /// (groups without advantage) as 0.
    /// </summary>
    public static FrozenDictionary<string, string> Better { get; } = new Dictionary<string, string> { ["entropy"] = RolloutEntropy, ["ratio"] = RolloutRatio }.ToFrozenDictionary();

    /// <summary>Whether an update's number of this name is told better by another of its numbers; without rollouts an objective's own is all there is.</summary>
    public static bool IsToldBetter(string name, IReadOnlyDictionary<string, double> update) => Better.TryGetValue(name, out var better) && update.ContainsKey(better);

    /// <summary>Adds this micro-batch's shares of means, each divided by the update's count so that shares add up, and its maxima.</summary>
    public static void Add(UpdatePlan plan, MicroBatch batch, TokenScores scores, UpdateBatch update, int index, bool first, ScalarLedger ledger)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        if (first) AddDrift(plan, batch, scores, index, ledger);
        AddRatios(plan, batch, scores, update, index, ledger);
        if (scores.Entropy is { } entropy) AddEntropy(plan, batch, entropy, update, index, ledger);
    }

    /// <summary>The value of an update from those of its micro-batches.</summary>
    public static double Combine(IGrouping<string, (string Name, int MicroBatch, double Value)> parts)
        => parts.Key == SamplerDriftMax ? parts.Max(n => n.Value) : parts.Sum(n => n.Value);

    private static void AddDrift(UpdatePlan plan, MicroBatch batch, TokenScores scores, int index, ScalarLedger ledger)
    {
        if (batch.Rows.All(row => row.SamplerLogProbs is null)) return;
        var (shape, device) = (scores.LogProbs.shape, scores.LogProbs.device);
        var (sampled, known) = PaddedNumbers.Of([.. batch.Rows.Select(row => row.SamplerLogProbs)], (int)shape[1]);
        var difference = MaskedReduce.Fill(scores.LogProbs.sub(tensor(sampled, shape, device: device)).abs(), tensor(known, shape, device: device));
        ledger.Add(SamplerDrift, index, difference.sum().Over(plan.Rows.Sum(row => row.SamplerLogProbs?.Count ?? 0)));
        ledger.Add(SamplerDriftMax, index, difference.max());
    }

    private static void AddRatios(UpdatePlan plan, MicroBatch batch, TokenScores scores, UpdateBatch update, int index, ScalarLedger ledger)
    {
        var logProbs = MaskedReduce.Fill(scores.LogProbs.detach(), update.CompletionMask);
        var old = update.OldLogProbs is { } given ? MaskedReduce.Fill(given, update.CompletionMask).to(logProbs.dtype) : logProbs;
        var ratio = ObjectiveInputs.LogRatioOf(logProbs, old).exp();
        if (batch.Rows.Any(row => row.LabelTokens < row.Tokens))
            ledger.Add(RolloutRatio, index, MaskedReduce.Sum(ratio, Own(update)).Over(plan.Rows.Sum(row => row.Tokens - row.LabelTokens)));
        if (!batch.Rows.Any(row => row.IsDemonstration)) return;
        AddLabel(LabelLogProb, logProbs);
        AddLabel(LabelRatio, ratio);

        void AddLabel(string name, Tensor perToken) => ledger.Add(name, index,
            MaskedReduce.Sum(MaskedReduce.RowMeans(perToken, update.CompletionMask), update.IsDemonstration).Over(plan.Rows.Count(row => row.IsDemonstration)));
    }

    private static void AddEntropy(UpdatePlan plan, MicroBatch batch, Tensor entropy, UpdateBatch update, int index, ScalarLedger ledger)
    {
        if (batch.Rows.Any(row => row.LabelTokens > 0))
            ledger.Add(LabelEntropy, index, MaskedReduce.Sum(entropy, update.LabelTokens()).Over(plan.Rows.Sum(row => row.LabelTokens)));
        if (batch.Rows.Any(row => row.LabelTokens < row.Tokens))
            ledger.Add(RolloutEntropy, index, MaskedReduce.Sum(entropy, Own(update)).Over(plan.Rows.Sum(row => row.Tokens - row.LabelTokens)));
    }

    /// <summary>bool [N, T], the tokens that the policy wrote itself.</summary>
    private static Tensor Own(UpdateBatch update) => update.CompletionMask & update.LabelTokens().logical_not();
}
