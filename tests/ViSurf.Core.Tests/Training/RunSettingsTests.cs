using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class RunSettingsTests
{
    // They decide memory or what is looked at, not what is learnt.
    private static readonly string[] NoMeaning = ["MicroBatchTokens", "MicroBatchRows", "MeasureGradientsEvery"];

    [Fact]
    public void Every_option_is_a_setting_unless_it_has_no_meaning()
    {
        var expected = typeof(TrainerOptions).GetProperties().Select(p => p.Name).Except(NoMeaning).Select(Snake)
            .Concat(typeof(AdamWOptions).GetProperties().Select(p => "adamw." + Snake(p.Name)));
        Settings().Keys.Should().Contain(expected).And.NotContain(NoMeaning.Select(Snake));

        static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
    }

    [Fact]
    public void What_is_changed_is_what_differs()
    {
        Changed(parts => parts).Should().BeEmpty();
        Changed(parts => parts with { Objective = new ViSurfObjective(new ClippedPolicyOptions { ClipHigh = 0.28 }) }).Should().Equal("objective");
        Changed(parts => parts with { Suite = parts.Suite!.With(Toy.Exact.Rewards[0].Function, 0.5) }).Should().Equal("rewards");
        Changed(parts => parts with { Sampler = new AutoregressiveSampler(Toy.Sampler.Options with { TopP = 0.9 }) }).Should().Equal("sampler");
        Changed(parts => parts with { Sampler = new AutoregressiveSampler(Toy.Sampler.Options, maxTokens: 100) }).Should().BeEmpty("a budget of memory changes no token");
        Changed(parts => parts with { Demonstrations = null }).Should().Equal("labels_in_groups");
        Changed(parts => parts, Toy.Options with { MaxNewTokens = 6, MicroBatchRows = 2 }).Should().Equal("max_new_tokens");
        Changed(parts => parts, rate: LearningRate.Cosine(0.01, 50)).Should().Equal("adamw.learning_rate");
    }

    private static IEnumerable<string> Changed(Func<TrainerParts, TrainerParts> change, TrainerOptions? options = null, LearningRateSchedule? rate = null)
    {
        var (before, after) = (Settings(), Settings(change, options, rate));
        return before.Keys.Union(after.Keys).Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name)).Order(StringComparer.Ordinal);
    }

    private static IReadOnlyDictionary<string, string> Settings(Func<TrainerParts, TrainerParts>? change = null, TrainerOptions? options = null, LearningRateSchedule? rate = null)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = rate ?? LearningRate.Constant(0.01) });
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        return RunSettings.Of(change?.Invoke(parts) ?? parts, options ?? Toy.Options);
    }
}
