using TorchSharp;
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

    /// <summary>Mean log-probability of a label token: what supervised fine-tuning would raise.</summary>
    public const string LabelLogProb = "label_log_prob";

    /// <summary>Adds this micro-batch's share of both; each share is divided by the step's count, so that shares add up.</summary>
    public static void Add(UpdatePlan plan, MicroBatch batch, TokenScores scores, int index, ScalarLedger ledger)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var logProbs = scores.LogProbs.detach();
        if (batch.Rows.Any(row => row.IsDemonstration))
        {
            var tokens = plan.Rows.Where(row => row.IsDemonstration).Sum(row => row.Tokens);
            var mine = tensor(batch.Rows.Select(row => row.IsDemonstration).ToArray(), [batch.Rows.Count, 1], device: logProbs.device);
            ledger.Add(LabelLogProb, index, logProbs.mul(mine).sum().div(tokens));
        }
        if (batch.Rows.Any(row => row.SamplerLogProbs is not null))
        {
            var tokens = plan.Rows.Where(row => row.SamplerLogProbs is not null).Sum(row => row.Tokens);
            var (sampled, known) = Padded(batch.Rows, (int)logProbs.shape[1]);
            var difference = logProbs.sub(tensor(sampled, logProbs.shape, device: logProbs.device)).abs()
                .mul(tensor(known, logProbs.shape, device: logProbs.device));
            ledger.Add(SamplerDrift, index, difference.sum().div(tokens));
        }
    }

    private static (float[] Values, bool[] Known) Padded(IReadOnlyList<TrainingRow> rows, int width)
    {
        var values = new float[rows.Count * width];
        var known = new bool[values.Length];
        for (var n = 0; n < rows.Count; n++)
        {
            var row = rows[n].SamplerLogProbs ?? [];
            for (var t = 0; t < row.Count; t++) (values[n * width + t], known[n * width + t]) = (row[t], true);
        }
        return (values, known);
    }
}
