using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>What the trainer itself measures on the scores of an update, whatever the objective.</summary>
internal static class ScoreMetrics
{
    /// <summary>
    /// Mean |log π(sampler) − log π(scored)| per rollout token in nats. Near 0 when the sampler and <c>Score</c> agree; a large value
    /// means another temperature, stale weights or dropout.
    /// </summary>
    public const string SamplerDrift = "sampler_drift";

    /// <summary>Adds this micro-batch's share, divided by the update's count, so that shares add up.</summary>
    public static void Add(UpdatePlan plan, MicroBatch batch, TokenScores scores, int index, ScalarLedger ledger)
    {
        if (batch.Rows.All(row => row.SamplerLogProbs is null)) return;
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var (shape, device) = (scores.LogProbs.shape, scores.LogProbs.device);
        var (sampled, known) = PaddedNumbers.Of([.. batch.Rows.Select(row => row.SamplerLogProbs)], (int)shape[1]);
        var difference = scores.LogProbs.sub(tensor(sampled, shape, device: device)).abs().mul(tensor(known, shape, device: device));
        ledger.Add(SamplerDrift, index, difference.sum().Over(plan.Rows.Sum(row => row.SamplerLogProbs?.Count ?? 0)));
    }
}
