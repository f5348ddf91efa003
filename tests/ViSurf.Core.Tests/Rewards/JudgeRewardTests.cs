using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Judges behind HTTP: a real server on the loopback interface, a real client.</summary>
public sealed class JudgeRewardTests
{
    private static readonly JudgeOptions Quick = new() { Pause = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(20) };

    [Fact]
    public void Every_completion_of_a_step_gets_the_judges_answer_in_its_place()
    {   // The judge counts letters: 1, 2, 3 and the label's "label" in tags (22), weight 0.5.
        using var server = new JudgeServer((text, _) => Reply(text.Length));
        var suite = new RewardSuite(new ThinkingFormatReward()).With(server.Reward(Quick with { Maximum = 100 }), 0.5).With(LengthRewards.Repetition());
        var groups = new[] { Some.Group(Some.Example("label", id: "one"), "a", "bb"), Some.Group(Some.Unlabelled(id: "two"), "ccc") };

        var scored = suite.Score(groups);

        scored[0].Totals.Should().Equal(0.5, 1, 11);
        scored[1].Totals.Should().Equal(1.5);
        scored[0].Scores[0].Components.Select(c => c.Name).Should().Equal("thinking_format", "judge", "repetition");
        server.Requests.Should().Be(4);
    }

    [Fact]
    public void Questions_are_asked_at_once_and_no_more_than_the_limit()
    {   // Each answer waits until four are under way; with fewer at once, this would run into its timeouts.
        using var four = new Barrier(4);
        using var server = new JudgeServer((_, _) =>
        {
            four.SignalAndWait(TimeSpan.FromSeconds(15)).Should().BeTrue();
            return Reply(1);
        });
        new RewardSuite(server.Reward(Quick with { Concurrency = 4, Attempts = 1 })).Score(Groups(groups: 4, completions: 2)).Should().HaveCount(4);
        server.MostAtOnce.Should().Be(4);
    }

    [Fact]
    public void A_failure_that_passes_is_tried_again()
    {
        using var server = new JudgeServer((_, request) => request <= 2 ? (500, "busy") : Reply(0.25));
        new RewardSuite(server.Reward(Quick with { Attempts = 3 })).Score(Groups(1, 1))[0].Totals.Should().Equal(0.25);
        server.Requests.Should().Be(3);
    }

    [Fact]
    public void A_failing_judge_stops_the_step_and_is_named_with_example_and_completion()
    {
        using var server = new JudgeServer((text, _) => text == "rollout 1 of 2" ? (503, "down") : Reply(1));
        var error = new RewardSuite(server.Reward(Quick with { Attempts = 2, Concurrency = 1 })).Invoking(s => s.Score(Groups(3, 3))).Should().Throw<InvalidOperationException>()
            .WithMessage("Reward 'judge' failed on example 'example 2', completion 1, "
                + "after 2 attempts:*503*choose JudgeFailure.LeaveOut*").Which;
        error.InnerException.Should().BeOfType<HttpRequestException>();
    }

    [Fact]
    public void Or_the_reward_counts_as_not_applicable_and_the_statistics_say_how_often()
    {
        using var server = new JudgeServer((text, _) => text.StartsWith("rollout 1", StringComparison.Ordinal) ? (503, "down") : Reply(1));
        var scored = new RewardSuite(server.Reward(Quick with { Attempts = 1, OnFailure = JudgeFailure.NotApplicable })).Score(Groups(2, 2));
        scored.SelectMany(g => g.Scores).Select(s => s.Components[0].Value).Should().Equal(1, null, 1, null);
        RewardStatistics.Of(scored).Components.Single().NotApplicable.Should().Be(0.5);
    }

    [Fact]
    public void Or_the_completion_is_left_out_whatever_other_rewards_say_of_it_and_nobody_is_pushed_by_a_judge_that_is_down()
    {   // All have the format (1). The judge gives 0.5 to "weak", 1 to "good", and is down for "best": 1.5, 2 and no total.
        var suite = new RewardSuite(RewardFunction.From("format", (_, _) => 1.0));
        var group = Some.Group(Some.Unlabelled(), "weak", "best", "good");
        JudgeReward Judge(JudgeFailure failure) => JudgeReward.From("judge", (_, completion, _) => completion.Text == "best"
            ? Task.FromException<double?>(new HttpRequestException("503")) : Task.FromResult<double?>(completion.Text == "weak" ? 0.5 : 1),
                Quick with { Attempts = 1, OnFailure = failure });

        // As TRL's nansum has it, the best answer is the worst of the group: 1.5, 1, 2, mean 1.5, deviation 0.5.
        var summed = suite.With(Judge(JudgeFailure.NotApplicable)).Score([group]);
        AdvantageEstimators.GroupNormalized(epsilon: 0)(summed)[0].Should().Equal(0, -1, 1);

        // Left out: mean 1.75, deviation √0.125; ±0.25 of it is ±1/√2.
        foreach (var judge in new IRewardFunction[] { Judge(JudgeFailure.LeaveOut),
            Judge(JudgeFailure.LeaveOut).Named("tone").Clamped(0, 1) })
        {
            var scored = suite.With(judge).Score([group]);
            scored[0].Totals.Should().Equal(1.5, double.NaN, 2);
            scored[0].Scores.Select(s => (s.IsLeftOut, s.IsScored)).Should().Equal((false, true), (true, false), (false, true));
            var advantages = AdvantageEstimators.GroupNormalized(epsilon: 0)(scored)[0];
            advantages[1].Should().Be(0);
            advantages[0].Should().BeApproximately(-1 / Math.Sqrt(2), 1e-12);
            advantages[2].Should().BeApproximately(1 / Math.Sqrt(2), 1e-12);
            RewardStatistics.Of(scored).Warnings.Should().Contain("A judge did not answer for 1 of 3 rollouts, which are left out: "
                + "they are in no mean and have no advantage.");
        }
    }

    [Fact]
    public void A_judge_that_only_looks_on_leaves_nothing_out_and_asked_by_itself_it_says_null()
    {
        var judge = JudgeReward.From("judge", (_, _, _) => Task.FromException<double?>(new HttpRequestException("503")),
            Quick with { Attempts = 1, OnFailure = JudgeFailure.LeaveOut });
        new RewardSuite(RewardFunction.From("format", (_, _) => 1.0)).With(judge, weight: 0).Score(Groups(1, 2))[0].Totals.Should()
            .Equal(1, 1);
        judge.Score(Some.Example("a"), Some.Completion("b")).Should().BeNull();
    }

    [Fact]
    public void A_judge_that_takes_too_long_has_failed()
    {
        using var silent = new ManualResetEventSlim();
        using var server = new JudgeServer((_, _) =>
        {
            silent.Wait();
            return Reply(1);
        });
        var suite = new RewardSuite(server.Reward(Quick with { Timeout = TimeSpan.FromMilliseconds(200), Attempts = 2 }));
        suite.Invoking(s => s.Score(Groups(1, 1))).Should().Throw<InvalidOperationException>()
            .WithMessage("*example 'example 0', completion 0, after 2 attempts: no answer within 0.2 s.*").WithInnerException<TimeoutException>();
        silent.Set();
    }

    [Fact]
    public void A_judge_that_ignores_its_token_is_left_behind()
    {
        var never = new TaskCompletionSource<double?>();
        var reward = JudgeReward.From("deaf", (_, _, _) => never.Task, Quick with { Timeout = TimeSpan.FromMilliseconds(100), Attempts = 1 });
        reward.Invoking(r => r.Score(Some.Example("a"), Some.Completion("b"))).Should().Throw<InvalidOperationException>().WithMessage("*after one attempt: no answer within 0.1 s.*");
    }

    [Fact]
    public void Cancelling_the_step_cancels_the_questions()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new JudgeServer((_, _) =>
        {
            cancel.Cancel();
            Thread.Sleep(200);
            return Reply(1);
        });
        new RewardSuite(server.Reward(Quick)).Invoking(s => s.Score(Groups(1, 1), cancel.Token)).Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void A_number_that_is_none_is_a_failure()
        => JudgeReward.From("odd", (_, _, _) => Task.FromResult<double?>(double.NaN), Quick with { Attempts = 1 })
            .Invoking(r => r.Score(Some.Example("a"), Some.Completion("b"))).Should().Throw<InvalidOperationException>().WithMessage("*expected a finite number, got NaN.*");

    [Fact]
    public void Judges_are_not_asked_when_another_reward_has_failed()
    {
        using var server = new JudgeServer((_, _) => Reply(1));
        var suite = new RewardSuite(RewardFunction.From("bad", (_, _) => double.NaN)).With(server.Reward(Quick));
        suite.Invoking(s => s.Score(Groups(1, 1))).Should().Throw<InvalidOperationException>().WithMessage("*'bad'*");
        server.Requests.Should().Be(0);
    }

    [Fact]
    public void It_does_not_wait_for_itself_where_a_synchronisation_context_runs_one_thing_at_a_time()
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new StandingContext());
        try
        {
            var slow = JudgeReward.From("slow", async (_, _, token) =>
            {
                await Task.Delay(10, token);
                return 1;
            }, Quick);
            slow.Score(Some.Example("a"), Some.Completion("b")).Should().Be(1);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Fact]
    public void Options_are_checked()
    {
        FluentActions.Invoking(() => JudgeReward.From("a", (_, _, _) => Task.FromResult<double?>(1), new JudgeOptions { Concurrency = 0 })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => JudgeReward.From("a", (_, _, _) => Task.FromResult<double?>(1), new JudgeOptions { Timeout = TimeSpan.Zero })).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => JudgeReward.From("a", (_, _, _) => Task.FromResult<double?>(1), new JudgeOptions { Minimum = 2 })).Should().Throw<ArgumentException>();
    }

    private static RolloutGroup[] Groups(int groups, int completions)
        => [.. Enumerable.Range(0, groups).Select(q => Some.Group(Some.Unlabelled(id: $"example {q}"), [.. Enumerable.Range(0, completions).Select(i => $"rollout {i} of {q}")]))];

    private static (int Status, string Body) Reply(double value) => (200, string.Create(CultureInfo.InvariantCulture, $$"""{"score": {{value}}}"""));

    /// <summary>Runs nothing that is posted to it, as a user interface's thread that is blocked.</summary>
    private sealed class StandingContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }

    /// <summary>Answers POST with the text of a completion by a score.</summary>
    private sealed class JudgeServer : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly HttpClient _client = new();
        private readonly Func<string, int, (int Status, string Body)> _answer;
        private readonly string _address;
        private int _requests, _now, _most;

        public JudgeServer(Func<string, int, (int Status, string Body)> answer)
        {
            _answer = answer;
            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                _address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            }
            _listener.Prefixes.Add(_address);
            _listener.Start();
            new Thread(Listen) { IsBackground = true }.Start();
        }

        public int Requests => _requests;

        public int MostAtOnce => _most;

        public JudgeReward Reward(JudgeOptions options) => JudgeReward.From("judge", async (example, completion, token) =>
        {
            using var response = await _client.PostAsJsonAsync(_address, new { id = example.Id, text = completion.Text }, token);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync<JsonElement>(token)).GetProperty("score").GetDouble();
        }, options);

        public void Dispose()
        {
            _listener.Close();
            _client.Dispose();
        }

        private void Listen()
        {
            try
            {
                while (true)
                {
                    var context = _listener.GetContext();
                    new Thread(() => Serve(context)) { IsBackground = true }.Start();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // Closed.
            }
        }

        private void Serve(HttpListenerContext context)
        {
            try
            {
                var now = Interlocked.Increment(ref _now);
                for (var most = _most; now > most; most = _most) Interlocked.CompareExchange(ref _most, now, most);
                using var body = JsonDocument.Parse(context.Request.InputStream);
                var (status, text) = _answer(body.RootElement.GetProperty("text").GetString()!, Interlocked.Increment(ref _requests));
                Interlocked.Decrement(ref _now);
                context.Response.StatusCode = status;
                context.Response.ContentType = "application/json";
                using var writer = new StreamWriter(context.Response.OutputStream);
                writer.Write(text);
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The client has gone.
            }
        }
    }
}
