using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Controlled rewards and advantages of ViSurf groups, label last, in float64.</summary>
public sealed class ViSurfRewardControlParity
{
    private const double Tolerance = 1e-12;

    private static readonly string[] RewardOptions = ["smooth", "unbiased", "std_eps"];

    /// <summary>What the objective reads, and <see cref="ObjectiveParity"/> compares.</summary>
    private static readonly string[] LossOptions = ["beta", "aggregation", "eps_high", "eps_low", "epsilon", "eps"];

    public static TheoryData<int, string> Cases()
    {
        using var json = Fixtures.Json("objectives.json");
        var data = new TheoryData<int, string>();
        var cases = json.RootElement.GetProperty("visurf");
        for (var i = 0; i < cases.GetArrayLength(); i++)
            data.Add(i, $"{Short(i, "rollout_rewards")}, label {Short(i, "ground_truth_reward")} {Short(i, "options")}");
        return data;

        string Short(int index, string name) => JsonSerializer.Serialize(cases[index].GetProperty(name));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Controlled_rewards_and_advantages_are_those_of_the_paper(int index, string rewards)
    {
        rewards.Should().NotBeNullOrEmpty();
        using var json = Fixtures.Json("objectives.json");
        var test = json.RootElement.GetProperty("visurf")[index];
        var options = test.GetProperty("options");
        options.EnumerateObject().Select(o => o.Name).Should().BeSubsetOf([.. RewardOptions, .. LossOptions], "an option that nobody maps is an option that nobody checks");
        var expected = test.GetProperty("expected");
        var group = Group(TinyTensors.Numbers(test.GetProperty("rollout_rewards")), test.GetProperty("ground_truth_reward").GetDouble());
        group.Scores.Should().HaveCount(test.GetProperty("G").GetInt32() + 1);

        var controlled = Control(options).Control(group);
        var advantages = Estimator(options)([controlled]).Single();

        controlled.Scores[^1].Neutral.Should().Be(expected.GetProperty("smoothed").GetBoolean());
        Compare(controlled.Totals, expected.GetProperty("controlled_rewards"));
        Compare(advantages, expected.GetProperty("advantages"));
        if (controlled.Scores[^1].Neutral) advantages[^1].Should().Be(0, "a smoothed label is neutral exactly, not approximately");
    }

    /// <summary>The label is given full marks for thinking on top: the control has to take them away again.</summary>
    private static ScoredGroup Group(double[] rollouts, double label) => Scored.Of(
        [.. rollouts.Select(r => Scored.Score((Scored.Reward, r), (ThinkingFormatReward.ComponentName, 0)))],
        Scored.Score((Scored.Reward, label), (ThinkingFormatReward.ComponentName, 1)));

    private static IRewardController Control(JsonElement options)
        => options.TryGetProperty("smooth", out var smooth) && !smooth.GetBoolean()
            ? new DropComponent(ThinkingFormatReward.ComponentName)
            : new ViSurfRewardControl();

    private static AdvantageEstimator Estimator(JsonElement options) => AdvantageEstimators.GroupNormalized(
        options.TryGetProperty("std_eps", out var epsilon) ? epsilon.GetDouble() : 1e-6,
        options.TryGetProperty("unbiased", out var unbiased) && !unbiased.GetBoolean() ? StandardDeviation.Population : StandardDeviation.Sample);

    private static void Compare(double[] actual, JsonElement expected)
    {
        var reference = TinyTensors.Numbers(expected);
        actual.Should().HaveCount(reference.Length);
        for (var i = 0; i < reference.Length; i++) actual[i].Should().BeApproximately(reference[i], Tolerance, "element {0}", i);
    }
}
