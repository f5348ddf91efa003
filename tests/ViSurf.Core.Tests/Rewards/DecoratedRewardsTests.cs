using System.Diagnostics;
using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>What a reward can do is asked through its decorators, and a name counts once.</summary>
public sealed class DecoratedRewardsTests
{
    private static readonly JudgeOptions Quick = new() { Pause = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(20),
        Concurrency = 8, Maximum = 10 };

    [Theory]
    [InlineData("named", 3)]
    [InlineData("scaled", 6)]
    [InlineData("clamped", 2)]
    [InlineData("all", 4)]
    [InlineData("bent by length", -0.5)]
    [InlineData("a class of somebody's", 13)]
    public void A_judge_behind_decorators_is_asked_about_all_completions_at_once(string how, double expected)
    {   // Each answer waits until eight are under way: asked one by one, this would run into its timeouts. The judge says 3 for "ccc".
        using var eight = new Barrier(8);
        var judge = JudgeReward.From("judge", async (_, completion, _) =>
        {
            await Task.Run(() => eight.SignalAndWait(TimeSpan.FromSeconds(15)).Should().BeTrue());
            return completion.Text.Length;
        }, Quick with { Attempts = 1 });
        var reward = how switch
        {
            "named" => judge.Named("other"),
            "scaled" => judge.Scaled(2),
            "clamped" => judge.Clamped(0, 2),
            "all" => judge.Scaled(2).Clamped(0, 4).Named("other"),
            "bent by length" => LengthRewards.Cosine(judge, new CosineLengthOptions { Length = _ => 1024 }),
            _ => new PlusTen(judge),
        };
        var scored = new RewardSuite(reward)
            .Score([Some.Group(Some.Unlabelled(), "ccc", "ccc", "ccc", "ccc"), Some.Group(Some.Unlabelled(), "ccc", "ccc", "ccc", "ccc")]);
        scored.SelectMany(group => group.Totals).Should().HaveCount(8).And.OnlyContain(total => Math.Abs(total - expected) < 1e-9);
        scored[0].Scores[0].Components[0].Name.Should().Be(reward.Name);
    }

    [Fact]
    public void A_judge_under_two_names_is_asked_once()
    {
        var asked = 0;
        var judge = JudgeReward.From("judge",
            (_, _, _) => Task.FromResult<double?>(Interlocked.Increment(ref asked) / (double)asked), Quick);
        new RewardSuite(judge, judge.Named("again"), judge.Named("half").Scaled(0.5))
            .Score(Some.Group(Some.Unlabelled(), "a", "b")).Totals.Should().Equal(2.5, 2.5);
        asked.Should().Be(2);
    }

    [Fact]
    public void A_judge_behind_decorators_that_fails_is_named_as_the_suite_knows_it()
    {
        var judge = JudgeReward.From("judge", (_, _, _) => Task.FromException<double?>(new HttpRequestException("503")),
            Quick with { Attempts = 1 });
        new RewardSuite(judge.Named("helpful")).Invoking(s => s.Score(Some.Group(Some.Unlabelled(id: "one"), "a"))).Should()
            .Throw<InvalidOperationException>()
            .WithMessage("Reward 'helpful' failed on example 'one', completion 0, after one attempt: 503 *");
        new RewardSuite(new JudgeReward(judge.Judge, judge.Options with { OnFailure = JudgeFailure.NotApplicable }).Scaled(2))
            .Score(Some.Group(Some.Unlabelled(), "a")).Scores[0].IsScored.Should().BeFalse();
    }

    [Fact]
    public void A_judge_behind_decorators_is_cancelled_with_the_step()
    {
        using var cancel = new CancellationTokenSource();
        var judge = JudgeReward.From("judge", async (_, _, token) =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return 1;
        }, Quick);
        new RewardSuite(judge.Named("other")).Invoking(s => s.Score([Some.Group(Some.Unlabelled(), "a")], cancel.Token)).Should()
            .Throw<OperationCanceledException>();
    }

    [Fact]
    public void DAPOs_penalty_of_the_recipe_and_of_the_preset_counts_once()
    {   // 95 tokens of 100 with a buffer of 10: −0.5, and −1 for no answer line.
        var scored = RewardPresets.DapoMath(100, 10).Score(new RolloutGroup(Some.Example("4"), [Some.Completion("hm", tokens: 95)]));
        scored.Totals.Should().Equal(-1.5);
        new OverlongShaping(100, 10).Control(scored).Totals.Should().Equal(-1.5);
        new OverlongShaping(100, 20).Invoking(control => control.Control(scored)).Should().Throw<InvalidOperationException>()
            .WithMessage("Expected one penalty 'overlong' for example 'example', completion 0, got two that differ: "
                + "1 · -0.5 of the suite and 1 · -0.75 of the reward control (limit 100, buffer 20).*");
    }

    [Fact]
    public void Two_components_of_one_name_are_refused_with_both()
    {
        FluentActions.Invoking(() => new CompletionScore([new RewardComponent("a", 1), new RewardComponent("b", 2),
            new RewardComponent("a", null, 0.5)])).Should()
            .Throw<ArgumentException>().WithMessage("Expected every reward of a completion to have its own name, got 'a' twice: "
                + "1 · 1 and 0.5 · (none).*Named*");
        var score = new CompletionScore([new RewardComponent("a", 1)]);
        FluentActions.Invoking(() => score with { Components = [.. score.Components, .. score.Components] }).Should()
            .Throw<ArgumentException>();
        FluentActions.Invoking(() => new RewardSuite(new ThinkingFormatReward()).With(new NonRepeatReward())
            .With(new ThinkingFormatReward(), 0.5)).Should().Throw<ArgumentException>()
            .WithMessage("Expected every reward of a suite to have its own name, got 'thinking_format' twice: "
                + "as reward 1 with weight 1 and as reward 3 with weight 0.5.*");
    }

    [Fact]
    public void A_reward_that_never_returns_is_left_behind_and_named()
    {
        using var cancel = new CancellationTokenSource();
        using var never = new ManualResetEventSlim();
        var stuck = RewardFunction.From("stuck", (_, completion) =>
        {
            if (completion.Text != "b") return 1;
            cancel.CancelAfter(50);
            never.Wait();
            return 0.0;
        });
        var clock = Stopwatch.StartNew();
        new RewardSuite(new ThinkingFormatReward(), stuck)
            .Invoking(s => s.Score([Some.Group(Some.Unlabelled(id: "seven"), "a", "b")], cancel.Token)).Should()
            .Throw<OperationCanceledException>().WithMessage("The step was cancelled while rewards had not returned*reward 'stuck' on "
                + "example 'seven', completion 1, for * s.*JudgeReward*");
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(20));
        never.Set();
    }

    [Fact]
    public void A_cancelled_step_ends_between_two_rewards()
    {
        using var cancel = new CancellationTokenSource();
        var scored = 0;
        var cancels = RewardFunction.From("cancels", (_, _) =>
        {
            scored++;
            cancel.Cancel();
            return 1.0;
        });
        new RewardSuite(cancels).Invoking(s => s.Score([Some.Group(Some.Unlabelled(), "a", "b", "c")], cancel.Token)).Should()
            .Throw<OperationCanceledException>();
        scored.Should().Be(1);
    }

    [Fact]
    public void A_client_that_gives_up_is_a_failed_reward_and_no_cancelled_step()
    {
        using var cancel = new CancellationTokenSource();
        var reward = RewardFunction.From("slow", double? (_, _) => throw new TaskCanceledException("The request was canceled due to the "
            + "configured HttpClient.Timeout."));
        foreach (var token in new[] { CancellationToken.None, cancel.Token })
            new RewardSuite(reward).Invoking(s => s.Score([Some.Group(Some.Unlabelled(id: "two"), "a")], token)).Should()
                .Throw<InvalidOperationException>()
                .WithMessage("Reward 'slow' failed on example 'two', completion 0: The request was canceled*");
    }

    [Fact]
    public void A_judge_that_blocks_before_its_first_await_meets_its_timeout()
    {
        using var never = new ManualResetEventSlim();
        var judge = JudgeReward.From("blocking", (_, _, _) =>
        {
            never.Wait(CancellationToken.None);
            return Task.FromResult<double?>(1);
        }, Quick with { Timeout = TimeSpan.FromMilliseconds(200), Attempts = 1 });
        var clock = Stopwatch.StartNew();
        new RewardSuite(judge).Invoking(s => s.Score(Some.Group(Some.Unlabelled(id: "nine"), "a"))).Should()
            .Throw<InvalidOperationException>()
            .WithMessage("Reward 'blocking' failed on example 'nine', completion 0, after one attempt: no answer within 0.2 s. "
                + "It blocks its thread instead of awaiting*");
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(15));
        never.Set();
    }

    /// <summary>A decorator as somebody else would write it.</summary>
    private sealed class PlusTen(IRewardFunction inner) : IRewardFunction, IWrapper
    {
        public string Name => "plus_ten";

        public double Maximum => inner.Maximum + 10;

        public IEnumerable<object> Inner => [inner];

        public double? Score(VisionExample example, Completion completion) => inner.Score(example, completion) + 10;
    }
}
