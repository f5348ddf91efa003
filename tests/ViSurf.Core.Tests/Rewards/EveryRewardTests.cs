using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using ViSurf.Core.Tests.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>What holds for every reward of the library: no culture, ten megabytes, and presets that add up.</summary>
public sealed class EveryRewardTests
{
    private const int Length = 10_000_000;

    /// <summary>In the culture that the tests are started in.</summary>
    private static readonly Lazy<List<string>> Here = new(Values);

    private static readonly Dictionary<string, Func<VisionExample, string>> HostileTexts = new()
    {
        ["answers opened"] = _ => Many("<answer>"),
        ["brackets in an answer"] = _ => $"<think></think><answer>{Many("[{\"a\": [(")}</answer>",
        ["digits in an answer"] = _ => $"<think></think><answer>{Many("7")}</answer>",
        ["words in an answer"] = _ => $"<think></think><answer>{string.Join(' ', Enumerable.Range(0, Length / 7))}</answer>",
        ["formulas opened"] = _ => Many("\\boxed{\\frac{"),
        ["the label again and again"] = example => $"<think></think><answer>[{Many((example.Target?.Serialize(new LabelFormat()) ?? "a").Trim('[', ']') + ", ")}0]</answer>",
    };

    public static TheoryData<string> Names => [.. OwnRewardsTests.Harnesses.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_megabytes_come_to_an_end_and_stay_in_range(string name)
    {
        var (reward, example) = (OwnRewardsTests.Harnesses[name]().Reward, OwnRewardsTests.Harnesses[name]().Examples[0]);
        foreach (var (what, text) in HostileTexts)
        {
            var completion = Completion.OfText(text(example));
            completion.Text.Length.Should().BeGreaterThan(Length * 9 / 10);
            var watch = Stopwatch.StartNew();
            var value = reward.Score(example, completion)!.Value;
            // A second would do on a quiet machine; a scan that starts over would need hours.
            watch.Elapsed.TotalSeconds.Should().BeLessThan(10, what);
            value.Should().BeInRange(reward.Minimum, reward.Maximum, what);
        }
    }

    [Fact]
    public void No_reward_of_the_library_is_left_out()
    {
        // What needs an argument is made by hand; a judge has tests of its own.
        Dictionary<string, object?[]> arguments = new()
        {
            ["Cosine"] = [new ExactAnswerReward(), null],
            ["Overlong"] = [2000, 500],
        };
        var library = typeof(IRewardFunction).Assembly.GetTypes().Where(t => t.Namespace == typeof(IRewardFunction).Namespace && t.IsPublic).ToArray();
        var classes = library.Where(t => t.IsAssignableTo(typeof(IRewardFunction)) && t.IsClass && t != typeof(JudgeReward))
            .Select(t => t.GetConstructors().Single()).Select(c => (IRewardFunction)c.Invoke([.. c.GetParameters().Select(p => p.DefaultValue)]));
        var factories = library.Where(t => t.IsAbstract && t.IsSealed && t != typeof(RewardFunction))
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.ReturnType == typeof(IRewardFunction)))
            .Where(m => arguments.ContainsKey(m.Name) || m.GetParameters().All(p => p.HasDefaultValue))
            .Select(m => (IRewardFunction)m.Invoke(null, arguments.GetValueOrDefault(m.Name) ?? [.. m.GetParameters().Select(p => p.DefaultValue)])!);
        var made = classes.Concat(factories).Select(r => r.Name).ToArray();
        made.Should().HaveCountGreaterThan(30);

        // Several rewards may share a name (formats that ask for thoughts do): then as many of that name are in the harness.
        var tested = OwnRewardsTests.Harnesses.Values.Select(make => make().Reward.Name).CountBy(name => name).ToDictionary();
        made.CountBy(name => name).Where(x => tested.GetValueOrDefault(x.Key) < x.Value).Should().BeEmpty("every reward is run through the harness of OwnRewardsTests");
    }

    [Theory]
    [InlineData("de-DE")]
    [InlineData("tr-TR")]
    [InlineData("fa-IR")]
    public void Labels_and_values_are_the_same_in_every_culture(string culture)
    {
        var expected = Here.Value;
        expected.Should().HaveCountGreaterThan(2000).And.Contain(line => line.Contains("0.5", StringComparison.Ordinal));
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        try
        {
            0.5.ToString(CultureInfo.CurrentCulture).Should().NotBe("0.5", "a culture that writes as the invariant one would prove nothing");
            Values().Should().Equal(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_maxima_of_the_presets_are_those_of_the_systems_they_are_named_after()
    {
        var maxima = new (RewardSuite Suite, double Maximum)[]
        {
            (RewardPresets.VisionReasoner(), 7), (RewardPresets.ViSurfNonObject(), 7), (RewardPresets.SegZero(), 5), (RewardPresets.SegZeroMath(), 1),
            (RewardPresets.VisualRftDetection(), 3), (RewardPresets.VisualRftClassification(), 2), (RewardPresets.VisualRftGrounding(), 3), (RewardPresets.VlmR1Rec(), 2),
            (RewardPresets.VlmR1Map(), 2), (RewardPresets.VlmR1WeightedDetection(), 2), (RewardPresets.CocoDetection(), 2), (RewardPresets.EasyR1Math(), 1),
            (RewardPresets.EasyR1Vision(), 1), (RewardPresets.DapoMath(100, 10), 1), (RewardPresets.GuiPoint(), 2), (RewardPresets.GuiR1(), 1),
            (RewardPresets.Anomaly(), 2), (RewardPresets.ShortAnswer(AnswerRewards.Choice()), 2),
        };
        maxima.Should().HaveSameCount(typeof(RewardPresets).GetMethods(BindingFlags.Public | BindingFlags.Static), "no preset is left out");
        foreach (var (suite, maximum) in maxima) suite.Maximum.Should().BeApproximately(maximum, 1e-12, string.Join(", ", suite.Rewards.Select(r => r.Function.Name)));
    }

    [Fact]
    public void Nothing_there_is_seven_marks_for_ViSurf_and_two_for_stock_VisionReasoner()
    {
        var group = new RolloutGroup(Some.Grounding(), [Some.Thought("Nothing fits.", "[]")]);
        RewardPresets.ViSurfNonObject().Score(group).Totals.Should().Equal(7);
        RewardPresets.ViSurfNonObject().Score(group).Scores[0].Find(PresenceReward.ComponentName)!.Value.Should().Be(1);
        RewardPresets.VisionReasoner().Score(group).Totals.Should().Equal(2);
    }

    [Fact]
    public void A_decorated_reward_keeps_its_bounds_together()
    {
        var penalty = LengthRewards.Repetition();
        (penalty.Scaled(2).Minimum, penalty.Scaled(2).Maximum).Should().Be((-2, 0));
        (penalty.Clamped(-0.5, 1).Minimum, penalty.Clamped(-0.5, 1).Maximum).Should().Be((-0.5, 0));
        var named = penalty.Named("twice");
        (named.Name, named.Minimum, named.Score(Some.Example("a"), Some.Completion("x"))).Should().Be(("twice", -1, 0));
    }

    private static List<string> Values()
    {
        var lines = new List<string>();
        foreach (var harness in OwnRewardsTests.Harnesses.Values.Select(make => make()))
            foreach (var example in harness.Examples)
            {
                lines.Add(harness.Format.Write(example.Target!));
                var texts = AdversarialCompletions.For(example, harness.Format).Where(c => c.Kind != AdversarialKind.Long).Select(c => c.Text)
                    .Append(harness.Format.Write(example.Target!)).Append("<answer>1,234.5</answer>").Append("<answer>[10.5, 20.25, 110, 90]</answer>").Append("\\boxed{0.5}").Append("<answer>I\u0130\u0131i</answer>");
                lines.AddRange(texts.Select(text => harness.Reward.Score(example, Some.Completion(text)) is { } value ? value.ToString("R", CultureInfo.InvariantCulture) : "null"));
            }
        return lines;
    }

    private static string Many(string part) => new System.Text.StringBuilder().Insert(0, part, (Length / part.Length) + 1).ToString();
}
