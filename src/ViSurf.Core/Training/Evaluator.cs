using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>
/// Answers held-out examples, in batches and in order. An example's random numbers are its own, by its id and, where the run has an id
/// twice, by how often it came before. So on a CPU in float32 the same weights (and, with a sampler that draws, the same
/// <see cref="Seed"/>) give the same answers, whatever the batch size; on a GPU keep the batch size as well (docs/training.md, "Rollouts of
/// one seed"). The policy's train or eval mode is left as it is.
/// </summary>
/// <param name="encoder">Text and pictures to tokens, and back.</param>
/// <param name="policy">The policy to evaluate.</param>
/// <param name="sampler">One at temperature 0 for the numbers people compare; any other for mean@N.</param>
public sealed class Evaluator(IPromptEncoder encoder, IPolicy policy, IRolloutSampler sampler)
{
    private readonly IPromptEncoder _encoder = Guard.NotNull(encoder);
    private readonly IPolicy _policy = Guard.NotNull(policy);
    private readonly IRolloutSampler _sampler = Guard.NotNull(sampler);

    /// <summary>Prompts encoded and answered at a time.</summary>
    /// <value>16.</value>
    public int BatchSize { get; init; } = 16;

    /// <summary>Most tokens of an answer.</summary>
    /// <value>2048, ViSurf's inference limit.</value>
    public int MaxNewTokens { get; init; } = 2048;

    /// <summary>Answers per example.</summary>
    /// <value>1.</value>
    public int Answers { get; init; } = 1;

    /// <summary>The data set an example is of, for reports with a part for each.</summary>
    /// <value><see cref="VisionExample.Source"/>; examples without one are of one data set without a name.</value>
    public Func<VisionExample, string> SourceOf { get; init; } = example => example.Source ?? "";

    /// <summary>Seed of a sampler that is not greedy. With the same one, two checkpoints are compared on the same random numbers.</summary>
    /// <value>0.</value>
    public long Seed { get; init; }

    /// <summary>Answers every example.</summary>
    /// <param name="examples">Read once, a batch at a time.</param>
    /// <param name="each">Sees every example when it is answered: <see cref="PredictionFile.Write"/>, for one.</param>
    /// <param name="cancellation">Checked at every token.</param>
    /// <returns>The examples in their order, with <see cref="Answers"/> answers each; <see cref="EvaluationSuite"/> measures them.</returns>
    public IReadOnlyList<EvaluatedExample> Run(
        IEnumerable<VisionExample> examples, Action<EvaluatedExample>? each = null, CancellationToken cancellation = default)
    {
        var (results, occurrences) = (new List<EvaluatedExample>(), new OccurrenceCounter());
        foreach (var batch in Guard.NotNull(examples).Chunk(Guard.Positive(BatchSize)))
        {
            foreach (var group in Answer(batch, occurrences.Next(batch), cancellation))
            {
                results.Add(new EvaluatedExample(group.Example, group.Completions) { Source = SourceOf(group.Example) });
                each?.Invoke(results[^1]);
            }
        }
        return results;
    }

    private IReadOnlyList<RolloutGroup> Answer(VisionExample[] batch, int[] occurrences, CancellationToken cancellation)
    {
        using var scope = torch.NewDisposeScope();
        using var grad = torch.no_grad();
        var encoded = Prompts.Encode(_encoder, batch);
        try
        {
            using var prompts = Collator.Prompts(encoded);
            var request = new RolloutRequest(Guard.Positive(Answers), Guard.Positive(MaxNewTokens), Seed, Step: 0, cancellation) { Occurrences = occurrences };
            return RolloutGroups.Assemble(batch,
                SampledCheck.Ensure(_sampler.Sample(_policy, prompts, request), _sampler, _policy, prompts, request), _encoder);
        }
        finally
        {
            foreach (var prompt in encoded) prompt.Dispose();
        }
    }
}
