using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// How much of the gradient comes from labels and how much from rollouts. The loss is a function of the tokens' log-probabilities and entropies, so
/// by the chain rule its gradient is a sum over tokens; the two parts are the sum over tokens that a label wrote and the sum over all others. That
/// holds for any objective, KL and entropy terms included, and the parts add up to the update's gradient.
/// </summary>
/// <remarks>
/// Each part is a pass of its own in which the other tokens' scores are detached: values stay as they are, so the objective sees what it always
/// sees. Two passes need no second copy of the gradient, which would be as large as the model.
/// </remarks>
internal sealed class GradientSplit(IPolicy policy, IObjective objective, AdamWOptimizer optimizer, TrainerOptions options)
{
    public const string Label = "label_gradient_norm", Rollouts = "rollout_gradient_norm";

    /// <summary>Whether this step is one of those that are measured.</summary>
    public bool IsDue(long step) => options.MeasureGradientsEvery > 0 && step % options.MeasureGradientsEvery == 0;

    /// <summary>Adds both norms, before clipping; nothing waits for the device. Gradients are gone before and after.</summary>
    public void Measure(UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, FrozenScores[] frozen, ScalarLedger ledger, CancellationToken cancellation)
    {
        foreach (var (name, fromLabel) in new[] { (Label, true), (Rollouts, false) })
        {
            for (var m = 0; m < plan.MicroBatches.Count; m++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (plan.MicroBatches[m].Any(row => fromLabel ? row.LabelTokens > 0 : row.LabelTokens < row.Tokens)) Accumulate(plan, prompts, frozen[m], m, fromLabel);
            }
            ledger.Add(name, -1, optimizer.GradientNorm());
            optimizer.ZeroGradients();
        }
    }

    private void Accumulate(UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, FrozenScores frozen, int index, bool fromLabel)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var batch = MicroBatch.Build(plan.MicroBatches[index], prompts, options.Temperature, options.WithEntropy);
        using var scores = policy.Score(batch.Sequences);
        using var update = batch.Update(plan.Scale, scores.LogProbs.device, frozen.Old, frozen.Reference, frozen.PolicyTokens, plan.Step);
        var learning = fromLabel ? update.LabelTokens() : update.LabelTokens().logical_not();
        using var shown = new TokenScores(Only(scores.LogProbs, learning), scores.Entropy is { } entropy ? Only(entropy, learning) : null);
        using var result = objective.Evaluate(shown, update);
        if (result.Loss.requires_grad) scores.Backward(result.Loss);
    }

    private static Tensor Only(Tensor scores, Tensor learning) => where(learning, scores, scores.detach());
}
