using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Advantages;

/// <summary>
/// A completion that nothing could judge is no member and has no advantage (public bug report huggingface/trl#5902), in every estimator; a
/// group of one has nobody to be better than.
/// </summary>
public sealed class UnscoredTests
{
    [Fact]
    public void Advantages_of_reported_groups_are_TRLs()
    {
        foreach (var group in Items("25-unscorable-completions"))
        {
            var scored = Group(group.GetProperty("values"), group.GetProperty("weights"));
            Near(AdvantageEstimators.GroupNormalized(group.GetProperty("epsilon").GetDouble())([scored])[0],
                group.GetProperty("right"), 1e-3);
        }
    }

    [Fact]
    public void Advantages_of_whole_steps_are_TRLs_by_group_by_batch_without_deviation_and_by_component()
    {
        using var json = Fixtures.Json("unscored.json");
        foreach (var step in json.RootElement.EnumerateArray())
        {
            ScoredGroup[] groups = [.. step.GetProperty("groups").EnumerateArray()
                .Select(values => Group(values, step.GetProperty("weights")))];
            var estimate = step.GetProperty("scale").GetString() switch
            {
                "group" => AdvantageEstimators.GroupNormalized(1e-4),
                "none" => AdvantageEstimators.MeanCentered(),
                "batch" => AdvantageEstimators.GroupNormalized(1e-4, StandardDeviation.Batch),
                _ => AdvantageEstimators.ComponentNormalized(1e-4),
            };
            foreach (var (actual, expected) in estimate(groups).Zip(step.GetProperty("right").EnumerateArray()))
                Near(actual, expected, 2e-6);
        }
    }

    [Fact]
    public void In_every_estimator_the_others_are_estimated_as_if_it_were_not_there()
    {
        foreach (var (name, estimate) in Known())
        {
            var without = estimate([Of(0, 0.5, 1), Of(1, 0)]);
            var with = estimate([Of(0, null, 0.5, 1, null), Of(null, 1, 0)]);
            with[0].Should().Equal([without[0][0], 0, without[0][1], without[0][2], 0], name);
            with[1].Should().Equal([0, without[1][0], without[1][1]], name);
            without[0][2].Should().NotBe(0, name);
        }
    }

    [Fact]
    public void A_label_that_nothing_judged_has_no_advantage_and_is_no_member()
    {
        foreach (var (name, estimate) in Known())
        {
            var alone = estimate([Of(0, 0.5, 1)])[0];
            estimate([Labelled(null, 0, 0.5, 1)])[0].Should().Equal([.. alone, 0], name);
        }
    }

    [Fact]
    public void Where_nothing_was_judged_nobody_gains_or_loses()
    {
        foreach (var (name, estimate) in Known())
        {
            estimate([Of(null, null, null)])[0].Should().Equal([0, 0, 0], name);
            estimate([Of(null, null), Of(0, 1, 1)])[0].Should().Equal([0, 0], name);
        }
    }

    [Fact]
    public void One_judged_completion_is_compared_with_nobody_and_has_advantage_zero()
    {
        foreach (var (name, estimate) in Known())
        {
            estimate([Of(6.0)])[0].Should().Equal([0], name);
            estimate([Of(null, 6.0, null)])[0].Should().Equal([0, 0, 0], name);
            estimate([Labelled(null, 6.0), Of(0, 1, 1)])[0].Should().Equal([0, 0], name);
        }
    }

    [Fact]
    public void The_reported_groups_of_one_have_advantage_zero()
    {
        foreach (var group in Items("46-group-of-one"))
            foreach (var (name, estimate) in Known())
                estimate([Group(group.GetProperty("values"), group.GetProperty("weights"))])[0].Should()
                    .OnlyContain(advantage => advantage == 0, name);
    }

    [Fact]
    public void REINFORCE_without_a_baseline_compares_over_the_step_and_needs_no_group()
        => AdvantageEstimators.ReinforcePlusPlus(baseline: false, epsilon: 0)([Of(1.0), Of(0.0)]).Select(a => Math.Round(a[0], 9)).Should()
            .Equal(0.707106781, -0.707106781);

    [Fact]
    public void A_rollout_and_a_label_are_a_group_of_two()
        // Mean 3, sample deviation √18: ±3/√18 = ±1/√2.
        => AdvantageEstimators.GroupNormalized(0)([Labelled(6, 0.0)])[0].Select(a => Math.Round(a, 9)).Should()
            .Equal(-0.707106781, 0.707106781);

    [Fact]
    public void A_constant_pushes_no_rollout_that_nothing_judged_and_every_label()
        => AdvantageEstimators.Constant()([Labelled(null, 0.5, null)])[0].Should().Equal(1, 0, 1);

    [Theory]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e308)]
    [InlineData(1e160)]
    [InlineData(double.NaN)]
    public void A_total_whose_square_is_no_number_is_refused_by_name(double value)
    {
        foreach (var (name, estimate) in Known())
            FluentActions.Invoking(() => estimate([Of(1, value, 0)])).Should().Throw<InvalidOperationException>(name)
                .WithMessage("Expected the rewards of example 'row', completion 1, "
                    + "and their total to lie within*got the total * 1 · reward *Clamped*");
    }

    private static Dictionary<string, AdvantageEstimator> Known() => new()
    {
        ["sample"] = AdvantageEstimators.GroupNormalized(),
        ["population"] = AdvantageEstimators.GroupNormalized(deviation: StandardDeviation.Population),
        ["batch"] = AdvantageEstimators.GroupNormalized(deviation: StandardDeviation.Batch),
        ["none"] = AdvantageEstimators.MeanCentered(),
        ["label outside"] = AdvantageEstimators.GroupNormalized(labelInStatistics: false),
        ["leave one out"] = AdvantageEstimators.LeaveOneOut(),
        ["REINFORCE++"] = AdvantageEstimators.ReinforcePlusPlus(),
        ["components"] = AdvantageEstimators.ComponentNormalized(),
        ["pass at 2"] = AdvantageEstimators.PassAtK(2),
        ["best"] = AdvantageEstimators.BestOfGroup(),
    };

    private static IEnumerable<JsonElement> Items(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Cases.PathOf(folder, "groups.json")));
        var items = json.RootElement.EnumerateArray().Select(item => item.Clone()).ToArray();
        items.Should().NotBeEmpty();
        return items;
    }

    private static ScoredGroup Group(JsonElement values, JsonElement weights)
    {
        double[] factors = [.. weights.EnumerateArray().Select(w => w.GetDouble())];
        return Scored.Of([.. values.EnumerateArray().Select(row => new CompletionScore([.. row.EnumerateArray().Select((value, k) =>
            new RewardComponent($"reward {k}", value.ValueKind == JsonValueKind.Null ? null : value.GetDouble(), factors[k]))]))], null);
    }

    private static ScoredGroup Of(params double?[] rewards) => Scored.Of([.. rewards.Select(r => Scored.Score((Scored.Reward, r)))], null);

    private static ScoredGroup Labelled(double? label, params double?[] rewards)
        => Scored.Of([.. rewards.Select(r => Scored.Score((Scored.Reward, r)))], Scored.Score((Scored.Reward, label)));

    private static void Near(double[] actual, JsonElement expected, double tolerance)
    {
        double[] numbers = [.. expected.EnumerateArray().Select(e => e.GetDouble())];
        actual.Should().HaveCount(numbers.Length);
        for (var i = 0; i < numbers.Length; i++) actual[i].Should().BeApproximately(numbers[i], tolerance, "element {0}", i);
    }
}
