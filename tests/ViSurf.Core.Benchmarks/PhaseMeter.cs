using System.Diagnostics;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Processor seconds of a step's phases, over all threads: what other programs take does not count. It stands around the trainer's parts
/// and notes when the rollouts end and when the first rows are scored.
/// </summary>
internal sealed class PhaseMeter
{
    private double _begin, _sampled, _scoring;

    /// <summary>Processor seconds of this process so far.</summary>
    public static double Now()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }

    public void Begin() => (_begin, _sampled, _scoring) = (Now(), 0, 0);

    /// <summary>To be called when the step is done.</summary>
    /// <returns>The score phase is not part of a step, so it is 0.</returns>
    public StepSeconds End()
    {
        var end = Now();
        return new StepSeconds(_sampled - _begin, 0, end - _scoring, end - _begin);
    }

    public IRolloutSampler Around(IRolloutSampler sampler) => new Sampler(this, sampler);

    public IPolicy Around(IPolicy policy) => new Policy(this, policy);

    private sealed class Sampler(PhaseMeter meter, IRolloutSampler inner) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
        {
            var samples = inner.Sample(policy, prompts, request);
            meter._sampled = Now();
            return samples;
        }
    }

    private sealed class Policy(PhaseMeter meter, IPolicy inner) : IPolicy
    {
        public nn.Module Module => inner.Module;

        public SequenceLayout Layout => inner.Layout;

        public TokenScores Score(SequenceBatch batch)
        {
            if (meter._scoring == 0) meter._scoring = Now();
            return inner.Score(batch);
        }

        public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens) => inner.Decode(prompts, copies, maxNewTokens);
    }
}
