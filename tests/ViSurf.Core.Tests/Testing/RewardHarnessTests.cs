using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Testing;

/// <summary>Every check both ways: a good reward passes all of them, and for each there is a bad reward that fails that one and no other.</summary>
public sealed class RewardHarnessTests
{
    private static readonly VisionExample Red = Some.Example("red"), Seven = Some.Example("7", id: "seven");

    private static readonly Ranking Order = new(Red, "<answer>red</answer>", "<answer>blue</answer>");

    /// <summary>Bad in one way each.</summary>
    private static readonly Dictionary<RewardCheck, Func<IRewardFunction>> Bad = new()
    {
        // Every other time, half a mark more.
        [RewardCheck.Deterministic] = () => Good((text, value) => text.Contains("e999", StringComparison.Ordinal) ? Interlocked.Increment(ref _calls) % 2 * 0.5 : value),
        [RewardCheck.ThreadSafe] = () =>
        {
            var shared = "";
            return Good((text, value) =>
            {
                shared = text;
                Thread.SpinWait(2000);
                return ReferenceEquals(shared, text) ? value : 0.5;
            });
        },
        [RewardCheck.WithinRange] = () => Good((text, value) => text.Contains("e999", StringComparison.Ordinal) ? 1.5 : value),
        [RewardCheck.NeverThrowsOnCompletions] = () => Good((text, value) => text.Contains('\uD800') ? throw new FormatException("half a character") : value),
        [RewardCheck.ThrowsOnBadLabels] = () => RewardFunction.From("exact", (example, completion)
            => example.Target is TextTarget { Text: var label } ? !string.IsNullOrWhiteSpace(label) && ThinkAnswerText.Answer(completion.Text) == label ? 1 : 0 : null),
        [RewardCheck.LinearInLength] = () => Good((text, value) =>
        {
            // Every opening tag looks for its closing tag from where it stands. Not in the corpus's megabyte, which would take minutes.
            var found = 0;
            if (text.Length > 300_000) return value;
            for (var at = 0; (at = text.IndexOf("<answer>", at, StringComparison.Ordinal)) >= 0; at++)
                for (var i = at; i < text.Length; i++)
                    if (text[i] == '/') found++;
            return found >= 0 ? value : 0;
        }),
        [RewardCheck.LabelReachesMaximum] = () => RewardFunction.From("strict", (example, completion)
            => new ExactAnswerReward().Score(example, completion) * (completion.Text.Contains("<think>", StringComparison.Ordinal) ? 1 : 0.5)),
        [RewardCheck.NothingForEmpty] = () => Good((text, value) => string.IsNullOrWhiteSpace(text) ? 0.5 : value),
        [RewardCheck.NothingForCopiedPrompt] = () => Good((text, value) => text.Contains("in the picture?", StringComparison.Ordinal) ? 0.5 : value),
        [RewardCheck.NothingForFarming] = () => Good((text, value) => text.Contains("[{}, {}]", StringComparison.Ordinal) ? 0.5 : value),
        [RewardCheck.RanksAsListed] = () => Good((text, value) => text == "<answer>blue</answer>" ? 1 : value),
    };

    private static int _calls;

    public static TheoryData<RewardCheck> Checks => [.. Enum.GetValues<RewardCheck>()];

    [Fact]
    public void A_good_reward_passes_every_check()
    {
        var report = Harness(new ExactAnswerReward { AcceptBareText = false }).Run();
        report.Results.Should().OnlyContain(r => r.Outcome == CheckOutcome.Passed, report.ToString());
        report.Results.Select(r => r.Check).Should().Equal(Enum.GetValues<RewardCheck>());
        report.EnsurePassed();
    }

    [Theory]
    [MemberData(nameof(Checks))]
    public void Each_check_catches_the_reward_that_is_bad_in_its_way(RewardCheck check)
    {
        var report = Harness(Bad[check]()).Run();
        // What differs from call to call differs from thread to thread as well.
        RewardCheck[] expected = check == RewardCheck.Deterministic ? [check, RewardCheck.ThreadSafe] : [check];
        report.Results.Where(r => r.Outcome == CheckOutcome.Failed).Select(r => r.Check).Should().Equal(expected, report.ToString());
        report[check].Details.Should().NotBeEmpty().And.OnlyContain(d => d.StartsWith("expected ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_report_says_in_words_what_failed_and_where()
    {
        var report = Harness(Bad[RewardCheck.NothingForEmpty]()).Without(RewardCheck.LinearInLength, "measured elsewhere.").Run();
        report.Passed.Should().BeFalse();
        report.ToString().Should().Contain("9 checks passed, 1 failed, 1 left out").And.Contain("  FAILED   nothing for empty")
            .And.Contain("expected at most 0 for example 'example', blanks, got 0.5").And.Contain("  left out linear in length: measured elsewhere.");
        report.Invoking(r => r.EnsurePassed()).Should().Throw<RewardCheckException>().WithMessage("Reward 'good': 9 checks passed*");
    }

    [Fact]
    public void What_cannot_be_checked_is_left_out_with_the_reason()
    {
        var report = new RewardHarness(new ThinkingFormatReward(), Some.Unlabelled()).ForFormAlone().Run();
        report.Passed.Should().BeTrue(report.ToString());
        report[RewardCheck.RanksAsListed].Should().BeEquivalentTo(new CheckResult(RewardCheck.RanksAsListed, CheckOutcome.Skipped, ["no Rankings were given."]));
        report[RewardCheck.NothingForEmpty].Outcome.Should().Be(CheckOutcome.Skipped);
    }

    [Fact]
    public void A_users_own_kind_of_label_brings_its_own_bad_labels()
    {
        var reward = RewardFunction.From("number", (example, completion) => example.Target is Number(var n)
            ? double.IsNaN(n) ? throw new InvalidDataException("not a number") : ThinkAnswerText.Answer(completion.Text) == n.ToString("R", System.Globalization.CultureInfo.InvariantCulture) ? 1 : 0
            : null);
        var harness = new RewardHarness(reward, Some.Example(new Number(4.5))).Without(RewardCheck.LinearInLength, "not the point.");
        harness.Run()[RewardCheck.ThrowsOnBadLabels].Outcome.Should().Be(CheckOutcome.Skipped);
        (harness with { BadLabels = [Some.Example(new Number(double.NaN))] }).Run()[RewardCheck.ThrowsOnBadLabels].Outcome.Should().Be(CheckOutcome.Passed);
        (harness with { BadLabels = [Some.Example(new Number(5))] }).Run()[RewardCheck.ThrowsOnBadLabels].Outcome.Should().Be(CheckOutcome.Failed);
    }

    [Fact]
    public void A_reward_that_applies_to_no_example_does_not_pass()
        => new RewardHarness(new GroundingFormatReward(), Red).Run()[RewardCheck.LabelReachesMaximum].Details.Should().ContainMatch("*applied to none*");

    [Fact]
    public void A_reward_that_does_not_come_back_is_left_behind()
    {
        var stuck = Good((text, value) =>
        {
            if (text.Length > 2000 && text.StartsWith("<<<<", StringComparison.Ordinal)) Thread.Sleep(Timeout.Infinite);
            return value;
        });
        var report = (Harness(stuck) with { Patience = TimeSpan.FromSeconds(2) }).Run();
        report[RewardCheck.LinearInLength].Details.Should().ContainMatch("expected an answer for 4001 characters, got none within 2 s.*");
    }

    private static RewardHarness Harness(IRewardFunction reward) => new(reward, Red, Seven) { Rankings = [Order] };

    /// <summary>Exact answers in tags, changed by <paramref name="change"/>.</summary>
    private static IRewardFunction Good(Func<string, double, double> change)
    {
        var exact = new ExactAnswerReward { AcceptBareText = false };
        return RewardFunction.From("good", (example, completion) => exact.Score(example, completion) is { } value ? change(completion.Text, value) : null);
    }

    private sealed record Number(double Value) : Target
    {
        public override string Serialize(LabelFormat format) => Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }
}
