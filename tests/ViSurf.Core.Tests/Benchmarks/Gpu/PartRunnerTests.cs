using FluentAssertions;
using ViSurf.Core.Benchmarks.Gpu;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Benchmarks.Gpu;

/// <summary>Parts of a run on a GPU machine: each within its time, all within one, and nothing silently left out.</summary>
public sealed class PartRunnerTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void A_part_that_ends_well_leaves_the_objects_it_printed()
    {
        var result = Run(60, Shell("a", """echo text; echo '{"command":"x","n":1}'; echo '{"n":2}'; echo '{no object'"""))[0];
        result.Status.Should().Be("ok");
        result.Results.Select(r => (int)r["n"]!).Should().Equal(1, 2);
        result.Line().Should().StartWith("""{"part":"a","status":"ok","seconds":""").And.EndWith(""" "results":[{"command":"x","n":1},{"n":2}]}""".Trim());
        File.ReadAllText(_folder.File("a.txt")).Should().Contain("text");
    }

    [Fact]
    public void A_part_that_fails_says_its_last_words_and_keeps_what_it_had_printed()
    {
        var result = Run(60, Shell("a", """echo '{"n":1}'; echo first >&2; echo out of memory >&2; exit 3"""))[0];
        (result.Status, result.Message).Should().Be(("failed", "exit code 3: first / out of memory"));
        result.Results.Should().ContainSingle();
    }

    [Fact]
    public void A_part_that_takes_too_long_is_ended_with_all_that_it_started_and_the_next_one_runs()
    {
        var results = Run(60, Shell("long", """echo '{"n":1}'; sleep 600 & wait""") with { Limit = 1 }, Shell("next", "true"));
        (results[0].Status, results[0].Message).Should().Be(("timed out", "ended after 1 s"));
        results[0].Results.Should().ContainSingle();
        results[0].Seconds.Should().BeLessThan(60);
        results[1].Status.Should().Be("ok");
    }

    [Fact]
    public void What_no_longer_fits_or_lacks_what_it_needs_is_skipped_and_says_so()
    {
        var results = Run(30, Shell("large", "true") with { Least = 29 }, Shell("broken", "exit 1"), Shell("after", "true") with { After = "broken" },
            Shell("peer", "true") with { Impossible = "no Python" });
        results.Select(r => r.Status).Should().Equal("skipped", "failed", "skipped", "left out");
        results[0].Message.Should().MatchRegex("^needs at least 29 s, 2[67] s are left of 30$");
        results[2].Message.Should().Be("'broken' did not end well");
        results[3].Message.Should().Be("no Python");
        File.ReadAllLines(_folder.File("results.jsonl")).Should().HaveCount(4);
    }

    [Fact]
    public void A_program_that_is_not_there_fails_by_its_name()
        => Run(60, new GpuPart("a", ["/no/such/program"], 10, 1))[0].Message.Should().Contain("/no/such/program");

    [Fact]
    public void Tests_that_fail_are_named_with_the_first_line_of_their_message_however_far_the_run_came()
    {
        var log = TestLog.Read(
        [
            "  Passed ViSurf.Core.Tests.A.One [12 ms]", "  Skipped ViSurf.Core.Tests.A.Two [1 ms]", "  Failed ViSurf.Core.Tests.A.Three(x: \"a b\") [1 s]",
            "  Error Message:", "   Expected 1, but found 2", "of another line", "  Stack Trace:", "     at X", "  Passed ViSurf.Core.Tests.A.Four [< 1 ms]",
            "  Failed ViSurf.Core.Tests.A.Five [3 ms]",
        ]);
        log.ToJsonString().Should().Be("""{"command":"tests","passed":2,"failed":2,"skipped":1,"failures":["""
            + """{"test":"ViSurf.Core.Tests.A.Three(x: \u0022a b\u0022)","message":"Expected 1, but found 2"},{"test":"ViSurf.Core.Tests.A.Five","message":""}]}""");
    }

    [Fact]
    public void A_chosen_part_brings_the_one_it_needs_and_an_unknown_name_is_refused()
    {
        GpuPart[] all = [Shell("model", "true"), Shell("suite", "true"), Shell("decode", "true") with { After = "model" }];
        GpuCommand.Chosen(all, "decode").Select(p => p.Name).Should().Equal("model", "decode");
        GpuCommand.Chosen(all, null).Should().HaveCount(3);
        FluentActions.Invoking(() => GpuCommand.Chosen(all, "decod")).Should().Throw<ArgumentException>().WithMessage("*model, suite, decode*'decod'*");
    }

    [Fact]
    public void The_parts_of_a_run_need_only_parts_before_them_and_the_named_ones_fit_into_eight_minutes()
    {
        var setup = new GpuSetup { Root = "/r", Dotnet = "dotnet", Device = "cuda", Out = "/o", Work = "/w" };
        var parts = new GpuParts(setup).All;
        for (var i = 0; i < parts.Count; i++)
            parts[i].After.Should().Match(after => after == null || parts.Take(i).Any(p => p.Name == (string)after));
        parts.Should().OnlyHaveUniqueItems(p => p.Name).And.OnlyContain(p => p.Least <= p.Limit && p.Limit < 480);
        parts.Sum(p => p.Least).Should().BeLessThan(480, "every part can begin when each takes its least");
    }

    [Fact]
    public void The_table_says_what_matters_of_a_result()
    {
        GpuTable.Summary(Json("""{"command":"step","step_s":[3,1,2],"tokens_per_s":812.4,"update_s":[0.2514],"update_mfu":0.4012,"device_peak_gb":41.23}"""))
            .Should().Be("step 2 s, rollout 812 tokens/s, update 0.251 s, MFU 40.1 %, peak 41.2 GB");
        GpuTable.Summary(Json("""{"command":"decode","group":64,"tokens_per_s":12345.6,"token_ms":5,"bytes_floor_fraction":0.5,"device_peak_gb":null}"""))
            .Should().Be("64 rows: 12346 tokens/s, 5 ms a token (50 % of it unavoidable reading)");
        GpuTable.Summary(Json("""{"command":"tests","passed":3,"failed":1,"skipped":0,"failures":[{"test":"T","message":"why"}]}"""))
            .Should().Be("3 passed, 1 failed, 0 skipped: T (why)");
    }

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<PartResult> Run(double total, params GpuPart[] parts) => new PartRunner(_folder.Path, total, _ => { }).Run(parts);

    private static GpuPart Shell(string name, string script) => new(name, ["/bin/sh", "-c", script], Limit: 30, Least: 1);

    private static System.Text.Json.Nodes.JsonObject Json(string text) => System.Text.Json.Nodes.JsonNode.Parse(text)!.AsObject();
}
