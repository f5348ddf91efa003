using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Objectives;
using ViSurf.Core.Objectives.Demonstrations;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class RunSettingsTests
{
    // They decide memory, time or what is looked at, not what is learnt.
    private static readonly string[] NoMeaning = ["MicroBatchTokens", "MicroBatchRows", "MeasureGradientsEvery", "Fused"];

    [Fact]
    public void Every_option_is_a_setting_unless_it_has_no_meaning()
    {
        var expected = typeof(TrainerOptions).GetProperties().Select(p => p.Name).Except(NoMeaning).Select(Snake)
            .Concat(typeof(AdamWOptions).GetProperties().Select(p => p.Name).Except(NoMeaning).Select(name => "adamw." + Snake(name)));
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

    /// <summary>Pairs that differ in one number or choice, however deep it stands.</summary>
    public static TheoryData<string> Names => [.. Pairs.Keys];

    private static Dictionary<string, (IObjective Before, IObjective After)> Pairs => new()
    {
        ["clip inside KL"] = (Kl(Clip(0.2)), Kl(Clip(0.28))),
        ["beta"] = (Kl(Clip(0.2)), new KlPenalty(Clip(0.2), 0.02)),
        ["beta's schedule"] = (new KlPenalty(Clip(0.2), Coefficient.Linear(0.1, 0, 100)),
            new KlPenalty(Clip(0.2), Coefficient.Linear(0.1, 0, 90))),
        ["estimator"] = (Kl(Clip(0.2)), new KlPenalty(Clip(0.2), 0.01, estimator: KlEstimators.K1)),
        ["straight-through"] = (new KlPenalty(Clip(0.2), 0.01, estimator: KlEstimators.K1StraightThrough),
            new KlPenalty(Clip(0.2), 0.01, estimator: KlEstimators.K3StraightThrough)),
        ["weighted KL"] = (Kl(Clip(0.2)), new KlPenalty(Clip(0.2), 0.01) { ImportanceWeighted = true }),
        ["entropy"] = (new EntropyBonus(Clip(0.2), 1e-3), new EntropyBonus(Clip(0.2), 2e-3)),
        ["clip inside entropy inside KL"] = (Kl(new EntropyBonus(Clip(0.2), 1e-3)), Kl(new EntropyBonus(Clip(0.3), 1e-3))),
        ["weight of a term"] = (new WeightedSum(new ObjectiveTerm(Clip(0.2), 0.5)), new WeightedSum(new ObjectiveTerm(Clip(0.2), 0.6))),
        ["term of a sum"] = (new WeightedSum(new ObjectiveTerm(Clip(0.2))), new WeightedSum(new ObjectiveTerm(Clip(0.3)))),
        ["source"] = (new SourceOnly(TokenSource.Policy, Clip(0.2)), new SourceOnly(TokenSource.Label, Clip(0.2))),
        ["inside a source"] = (new SourceOnly(TokenSource.Policy, Clip(0.2)), new SourceOnly(TokenSource.Policy, Clip(0.3))),
        ["surrogate"] = (new SurrogateObjective(Surrogates.Clipped(0.2, 0.2)), new SurrogateObjective(Surrogates.Clipped(0.2, 0.2, 3))),
        ["stale"] = (new SurrogateObjective(Surrogates.Clipped(0.2, 0.2).WithoutStale(0.5)),
            new SurrogateObjective(Surrogates.Clipped(0.2, 0.2).WithoutStale(0.4))),
        ["inside stale"] = (new SurrogateObjective(Surrogates.Clipped(0.2, 0.2).WithoutStale(0.5)),
            new SurrogateObjective(Surrogates.Clipped(0.2, 0.3).WithoutStale(0.5))),
        ["cispo"] = (new CispoObjective(5), new CispoObjective(4)),
        ["sapo"] = (new SapoObjective(), new SapoObjective(negative: 1.1)),
        ["vespo"] = (new VespoObjective(), new VespoObjective(negative: new GammaShape(3, 2.5))),
        ["luffy"] = (new LuffyObjective(), new LuffyObjective(0.3)),
        ["hpt"] = (new HptObjective(), new HptObjective(0.3)),
        ["srft"] = (new SrftObjective(), new SrftObjective(new SrftOptions { Positive = 0.2 })),
        ["srft's labels"] = (new SrftObjective(), new SrftObjective(new SrftOptions { Gamma = 0.2 })),
        ["chord"] = (new ChordObjective(_ => 0.1), new ChordObjective(_ => 0.2)),
        ["chord's tokens"] = (new ChordObjective(_ => 0.1), new ChordObjective(_ => 0.1, TokenWeights.Uncertainty)),
        ["chord's rollouts"] = (new ChordObjective(_ => 0.1), new ChordObjective(_ => 0.1, reinforcement: Clip(0.3))),
        ["dft"] = (new DftObjective(), new DftObjective(LossAggregation.SequenceMean)),
        ["hinted"] = (new HintedObjective(), new HintedObjective(supervised: 0.01)),
        ["mixture"] = (new SupervisedMixture(Clip(0.2), 1), new SupervisedMixture(Clip(0.2), 0.5)),
        ["sft"] = (new MaximumLikelihoodObjective(), new MaximumLikelihoodObjective(LossAggregation.SequenceMean)),
        ["a wrapper of one's own"] = (new Mine(Clip(0.2)), new Mine(Clip(0.3))),
    };

    [Theory, MemberData(nameof(Names))]
    public void A_changed_number_is_noticed_wherever_it_stands_and_the_same_number_is_the_same(string name)
    {
        var ((before, after), (again, _)) = (Pairs[name], Pairs[name]);
        Of(after).Should().NotBe(Of(before));
        Of(again).Should().Be(Of(before));

        static string Of(IObjective objective) => Settings(parts => parts with { Objective = objective })["objective"];
    }

    [Fact]
    public void Samplers_references_and_group_policies_are_read_through_what_wraps_them()
    {
        var (plain, warm) = (Toy.Sampler, new AutoregressiveSampler(Toy.Sampler.Options with { TopK = 5 }));
        Changed(parts => parts with { Sampler = Prefixed(warm) }, of: parts => parts with { Sampler = Prefixed(plain) }).Should()
            .Equal("sampler");
        Changed(parts => parts with { Groups = GroupPolicy.Chain(GroupPolicy.None, new ReplayBuffer()) },
            of: parts => parts with { Groups = GroupPolicy.Chain(GroupPolicy.None) })
            .Should().Equal("group_policy");
        Changed(parts => parts with { RewardKl = new RewardKl(parts.Policy, _ => 0.1) },
            of: parts => parts with { RewardKl = new RewardKl(parts.Policy, _ => 0.2) })
            .Should().Equal("reward_kl");

        static PrefixSampler Prefixed(IRolloutSampler inner) => new(inner, new DemonstrationInjector(TinyText.Encoder), (_, _, _) => 1);
    }

    private static IObjective Clip(double high) => new ViSurfObjective(new ClippedPolicyOptions { ClipHigh = high });

    private static IObjective Kl(IObjective inner) => new KlPenalty(inner, 0.01);

    /// <summary>Says what it stands before, and nothing else.</summary>
    private sealed class Mine(IObjective inner) : IObjective, IWrapper
    {
        public IEnumerable<object> Inner => [inner];

        public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => inner.Evaluate(current, batch);
    }

    private static IEnumerable<string> Changed(Func<TrainerParts, TrainerParts> change, TrainerOptions? options = null,
        LearningRateSchedule? rate = null, Func<TrainerParts, TrainerParts>? of = null)
    {
        var (before, after) = (Settings(of), Settings(change, options, rate));
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
