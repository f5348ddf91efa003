using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

/// <summary>One row of a step: text after a prompt, its advantage, and whether it is the label.</summary>
internal sealed record Row(int Prompt, string Text, double Advantage, bool Label = false)
{
    /// <summary>Leading tokens that come from the label.</summary>
    public int Prefix { get; init; }

    public double Reward { get; init; }

    public IReadOnlyList<int> Ids => TinyText.Encoder.EncodeAnswer(Text);

    public int LabelTokens => Label ? Ids.Count : Prefix;
}

/// <summary>An optimizer step of a tiny float64 policy, evaluated in as many micro-batches as one likes.</summary>
internal sealed class ObjectiveStep : IDisposable
{
    private readonly PromptBatch _prompts;

    public ObjectiveStep(long seed, IReadOnlyList<Row> rows, params string[] prompts)
    {
        Policy = TinyText.Policy(seed);
        Policy.Module.to(ScalarType.Float64);
        Rows = rows;
        _prompts = TinyText.Prompts(prompts);
    }

    public ModulePolicy Policy { get; }

    public IReadOnlyList<Row> Rows { get; }

    /// <summary>π_old as a policy of another seed; null for "the current weights".</summary>
    public ModulePolicy? Old { get; init; }

    /// <summary>Names every token in <see cref="UpdateBatch.PolicyTokenMask"/> instead of leaving it null.</summary>
    public bool RestrictToAll { get; init; }

    public LossScale Scale => new(Rows.Sum(r => r.Ids.Count), Rows.Sum(r => r.LabelTokens), Rows.Count, Rows.Count(r => r.Label), 32)
    {
        Prefixed = Rows.Count(r => r.Prefix > 0),
    };

    /// <summary>Σ of losses over the parts, and the accumulated gradient of all parameters in one list.</summary>
    public (double Loss, double[] Gradient, Dictionary<string, double> Metrics) Run(IObjective objective, params int[][] parts)
    {
        using var scope = NewDisposeScope();
        Policy.Module.zero_grad();
        var loss = 0.0;
        var metrics = new Dictionary<string, double>();
        foreach (var part in parts.Length == 0 ? [[.. Enumerable.Range(0, Rows.Count)]] : parts)
        {
            using var sequences = Collator.Sequences(_prompts, [.. part.Select(i => (Rows[i].Prompt, Rows[i].Ids))], withEntropy: true);
            using var scores = Policy.Score(sequences);
            using var batch = Batch(part, sequences);
            using var result = objective.Evaluate(scores, batch);
            // A constant has nothing to differentiate: rows that an objective ignores.
            if (result.Loss.requires_grad) result.Loss.backward();
            loss += result.Loss.item<double>();
            foreach (var (name, value) in result.Metrics) metrics[name] = metrics.GetValueOrDefault(name) + value.item<double>();
        }
        return (loss, [.. Policy.Module.parameters().SelectMany(p => (p.grad ?? zeros_like(p)).Values())], metrics);
    }

    public void Dispose()
    {
        _prompts.Dispose();
        Policy.Module.Dispose();
        Old?.Module.Dispose();
    }

    private UpdateBatch Batch(int[] part, SequenceBatch sequences)
    {
        var rows = part.Select(i => Rows[i]).ToArray();
        var prompts = Rows.Select(r => r.Prompt).Distinct().Count();
        return new UpdateBatch
        {
            Advantages = tensor(rows.Select(r => r.Advantage).ToArray(), [rows.Length, 1]),
            CompletionMask = sequences.CompletionMask.to(TestDevice.Value, copy: true),
            IsDemonstration = tensor(rows.Select(r => r.Label).ToArray(), [rows.Length, 1]),
            SequenceWeights = tensor(rows.Select(r => 1.0 / prompts / Rows.Count(x => x.Prompt == r.Prompt)).ToArray(), [rows.Length, 1]),
            Scale = Scale,
            OldLogProbs = Old is null ? null : Scored(Old, sequences),
            ReferenceLogProbs = Scored(Policy, sequences).Plus(0.1),
            LabelTokenMask = Rows.All(r => r.Prefix == 0) ? null
                : TinyTensors.Mask([.. rows.Select(r => (long)r.LabelTokens)], sequences.CompletionMask.shape[1]),
            PolicyTokenMask = RestrictToAll ? sequences.CompletionMask.to(TestDevice.Value, copy: true) : null,
            Rewards = tensor(rows.Select(r => r.Reward).ToArray(), [rows.Length, 1]),
            Step = 3,
        };
    }

    private static Tensor Scored(ModulePolicy policy, SequenceBatch sequences)
    {
        using var scores = new FrozenPolicy(policy).Score(sequences);
        return scores.LogProbs.clone();
    }
}
