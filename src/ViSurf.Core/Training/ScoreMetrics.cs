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
        var (sampled, known) = Padded(batch.Rows, (int)shape[1]);
        var difference = scores.LogProbs.sub(tensor(sampled, shape, device: device)).abs().mul(tensor(known, shape, device: device));
        ledger.Add(SamplerDrift, index, difference.sum().Over(plan.Rows.Sum(row => row.SamplerLogProbs?.Count ?? 0)));
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
