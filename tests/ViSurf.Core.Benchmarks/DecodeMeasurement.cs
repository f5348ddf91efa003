using System.Diagnostics;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>Seconds of one decoding.</summary>
/// <param name="Prompt">Pictures and prompts read and one token of each row drawn.</param>
/// <param name="Total">All tokens, prompts included.</param>
/// <param name="Processor">Processor seconds of <paramref name="Total"/>.</param>
internal sealed record DecodeRun(double Prompt, double Total, double Processor);

/// <summary>A sampler over a model, ready to be timed.</summary>
internal sealed class DecodeMeasurement(BenchmarkOptions options, BenchmarkModel model, Workload workload, bool replicated)
{
    private readonly IPolicy _policy = replicated ? new ReplicatedPolicy(model.Policy) : model.Policy;
    private readonly IReadOnlyList<VisionExample> _examples = workload.Examples();
    private readonly AutoregressiveSampler _sampler = Workload.Sampler(model.Encoder);

    /// <summary>Tokens of each prompt.</summary>
    public IReadOnlyList<int> PromptTokens()
    {
        var prompts = Prompts.Encode(model.Encoder, _examples);
        foreach (var prompt in prompts) prompt.Dispose();
        return [.. prompts.Select(p => p.TokenIds.Count)];
    }

    /// <summary>Twice: one token, which is the prompt pass, then all of them.</summary>
    public DecodeRun Run()
    {
        var (prompt, _) = Sample(1);
        var (total, processor) = Sample(workload.NewTokens);
        return new DecodeRun(prompt, total, processor);
    }

    private (double Seconds, double Processor) Sample(int newTokens)
    {
        // Encoded anew each time, so that nothing kept with a prompt makes the second one free; not timed.
        var prompts = Prompts.Encode(model.Encoder, _examples);
        try
        {
            using var batch = Collator.Prompts(prompts);
            options.Synchronize();
            var (clock, processor) = (Stopwatch.StartNew(), PhaseMeter.Now());
            var samples = _sampler.Sample(_policy, batch, new RolloutRequest(workload.GroupSize, newTokens, Seed: 1));
            options.Synchronize();
            var seconds = (clock.Elapsed.TotalSeconds, PhaseMeter.Now() - processor);
            if (samples.Any(s => s.TokenIds.Count != newTokens)) throw new InvalidOperationException($"Expected {newTokens} tokens in every rollout, got fewer.");
            return seconds;
        }
        finally
        {
            foreach (var prompt in prompts) prompt.Dispose();
        }
    }
}
