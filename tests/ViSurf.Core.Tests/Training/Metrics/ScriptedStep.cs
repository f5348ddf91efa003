using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Metrics;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>Steps of a tiny text policy whose rollouts are given, so that every number can be worked out by hand.</summary>
internal static class ScriptedStep
{
    /// <summary>Two rollouts for each of the examples, in order; "…" at the end of a text means that it was cut off at the token limit.</summary>
    public static StepReport Of(IReadOnlyList<VisionExample> examples, Func<VisionExample, string, double> reward, params string[] rollouts)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, 0.01);
        return new Trainer(
            TrainerParts.ViSurf(TinyText.Encoder, policy, new Script(rollouts), new RewardSuite(RewardFunction.From("r", (e, c) => reward(e, c.Text))), optimizer, LabelFormat.Bare),
            Toy.Options with { GroupSize = 2 }).Step(examples);
    }

    /// <summary>One group, label "xy" worth 1; its rollouts are worth 0.5 and 0, the second one cut off.</summary>
    public static StepReport Plain() => Of([TinyText.Example("a", "a", "xy")], (_, text) => text == "xy" ? 1 : text == "ab" ? 0.5 : 0, "ab", "CDEF…");

    public static Dictionary<string, double> Metrics(StepReport report) => StepMetrics.Of(report).ToDictionary(m => m.Name, m => m.Value);

    private sealed class Script(string[] lines) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
            => [.. lines.Select((line, i) =>
            {
                var cut = line.EndsWith('…');
                var tokens = TinyText.Encoder.EncodeAnswer(line.TrimEnd('…'));
                return new SampledTokens(i / request.GroupSize, cut ? [.. tokens.SkipLast(1)] : tokens, [], cut ? FinishReason.Length : FinishReason.Stop);
            })];
    }
}

/// <summary>A clock that stands still.</summary>
internal sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
