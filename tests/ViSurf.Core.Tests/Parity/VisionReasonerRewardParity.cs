using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Parity;

/// <summary>The grounding rewards against VisionReasoner's own module, component by component.</summary>
public sealed class VisionReasonerRewardParity
{
    /// <summary>The reference adds one n-th per element where we divide once: 150 additions are off by 5e-15.</summary>
    private const double Tolerance = 1e-12;

    /// <summary>Stock VisionReasoner, where an empty list is never right.</summary>
    private static readonly RewardSuite Stock = VisionReasonerRewards.Suite(emptyMatchesEmpty: false);

    public static TheoryData<int, string> Cases()
    {
        using var json = Fixtures.Json("rewards.json");
        var data = new TheoryData<int, string>();
        var cases = json.RootElement.GetProperty("vision_reasoner");
        for (var i = 0; i < cases.GetArrayLength(); i++)
        {
            var completion = cases[i].GetProperty("completion").GetString()!.ReplaceLineEndings(" ");
            data.Add(i, completion.Length <= 80 ? completion : "…" + completion[^80..]);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_component_and_the_total_are_those_of_VisionReasoner(int index, string completion)
    {
        completion.Should().NotBeNull();
        using var json = Fixtures.Json("rewards.json");
        var test = json.RootElement.GetProperty("vision_reasoner")[index];
        var example = VisionExample.Ask($"case {index}", "?", GroundingTarget.Parse(test.GetProperty("ground_truth").GetString()!));

        var score = Stock.Score(new RolloutGroup(example, [Completion.OfText(test.GetProperty("completion").GetString()!)])).Scores.Single();

        string[] names = ["thinking_format", "answer_format", "accuracy", "non_repeat"];
        score.Components.Select(c => c.Name).Should().Equal(names);
        foreach (var name in names)
            score.Find(name)!.Value.Should().BeApproximately(test.GetProperty(name).GetDouble(), Tolerance, name);
        score.Total.Should().BeApproximately(test.GetProperty("total").GetDouble(), Tolerance);
    }

    [Fact]
    public void The_cases_tell_the_components_apart()
    {   // A file in which a component never changes would compare nothing.
        using var json = Fixtures.Json("rewards.json");
        var cases = json.RootElement.GetProperty("vision_reasoner").EnumerateArray().ToArray();
        foreach (var name in new[] { "thinking_format", "answer_format", "accuracy", "non_repeat" })
            cases.Select(c => c.GetProperty(name).GetDouble()).Distinct().Should().HaveCountGreaterThan(1, name);
    }
}
