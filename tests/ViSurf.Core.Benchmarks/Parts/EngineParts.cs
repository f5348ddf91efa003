using BenchmarkDotNet.Attributes;
using Samples.Shared;
using TinyBase.Checkpoint;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Training;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks.Parts;

/// <summary>
/// Scoring a group and decoding a token, through two decoder layers and a small vocabulary, so that attention is not lost beside the MLPs;
/// two, because the last makes only keys and values of a prompt's rows, and one alone would be no layer like the others. 2 prompts, each
/// continued by 8 rows, W1's lengths. Replicated is the same with a prompt and picture for every row.
/// </summary>
public class EngineParts
{
    private const int Steps = 16;
    private TemporaryFolder _folder = null!;
    private QwenVlPolicy _policy = null!;
    private IReadOnlyList<EncodedPrompt> _prompts = null!;
    private PromptBatch _batch = null!;
    private SequenceBatch _rows = null!;
    private IDecodeSession _session = null!;
    private Tensor _tokens = null!;

    /// <summary>Long enough, also in a smoke run, for the steps that are measured.</summary>
    private static Workload Work => PartsSize.Smoke ? Workload.Smoke with { NewTokens = Workload.W1.NewTokens } : Workload.W1;

    [GlobalSetup]
    public void Make()
    {
        var workload = Work;
        _folder = new TemporaryFolder();
        RandomCheckpoint.Write(_folder.Path, (PartsSize.Smoke ? new TinyConfig()
            : RandomCheckpoint.Medium) with { Layers = 2, VisionDepth = 1, FullAttention = [0], MaxVocabulary = 768 });
        RandomCheckpoint.WriteWeights(_folder.Path, PartsSize.Type, CPU, seed: 1);
        _policy = QwenVlPolicy.Load(_folder.Path, PartsSize.Device, PartsSize.Type);
        _prompts = Prompts.Encode(QwenPromptEncoder.Load(_folder.Path), workload.Examples());
        _batch = Collator.Prompts(_prompts);
        int[] completion = [.. Enumerable.Range(0, workload.NewTokens).Select(t => 10 + t)];
        _rows = Collator.Sequences(_batch, [.. Enumerable.Range(0, workload.Prompts * workload.GroupSize).Select(row => (row / workload.GroupSize, (IReadOnlyList<int>)completion))]);
        Begin();
    }

    [Benchmark]
    public void ScoreForward() => Forward(_policy);

    [Benchmark]
    public void ScoreForwardReplicated() => Forward(new ReplicatedPolicy(_policy));

    [Benchmark]
    public void ScoreTraining() => Training(_policy);

    [Benchmark]
    public void ScoreTrainingReplicated() => Training(new ReplicatedPolicy(_policy));

    /// <summary>The next token of all rows, after half a completion.</summary>
    [Benchmark(OperationsPerInvoke = Steps)]
    public void DecodeStep()
    {
        using var noGrad = no_grad();
        for (var i = 0; i < Steps; i++) _session.Next(_tokens).Dispose();
        PartsSize.Synchronize();
    }

    /// <summary>Every iteration begins at the same length, so that measurements are of one thing.</summary>
    [IterationSetup(Target = nameof(DecodeStep))]
    public void Restart()
    {
        _session.Dispose();
        _tokens.Dispose();
        Begin();
    }

    [GlobalCleanup]
    public void Free()
    {
        _session.Dispose();
        _tokens.Dispose();
        _rows.Dispose();
        _batch.Dispose();
        foreach (var prompt in _prompts) prompt.Dispose();
        _policy.Dispose();
        _folder.Dispose();
    }

    private void Begin()
    {
        using var noGrad = no_grad();
        _session = _policy.Decode(_batch, Work.GroupSize, Work.NewTokens);
        _tokens = full([Work.Prompts * Work.GroupSize], 20, ScalarType.Int64, PartsSize.Device);
        for (var t = 0; t < Work.NewTokens / 2; t++) _session.Next(t == 0 ? null : _tokens).Dispose();
    }

    private void Forward(IPolicy policy)
    {
        using var noGrad = no_grad();
        policy.Score(_rows).Dispose();
        PartsSize.Synchronize();
    }

    private void Training(IPolicy policy)
    {
        using var scope = NewDisposeScope();
        using var scores = policy.Score(_rows);
        scores.LogProbs.sum().backward();
        PartsSize.Synchronize();
    }
}
