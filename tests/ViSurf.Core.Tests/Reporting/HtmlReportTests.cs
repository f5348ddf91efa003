using System.Globalization;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static ViSurf.Core.Tests.Reporting.SampleRun;

namespace ViSurf.Core.Tests.Reporting;

/// <summary>The page as independent parsers read it.</summary>
public sealed class HtmlReportTests
{
    private const string Script = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\"></div></style></title>]]><!--";

    [Fact]
    public void A_run_is_told_from_its_name_to_its_settings()
    {
        var page = ParsedReport.Of(report =>
        {
            report.Add(Step(0, Example(), Exact, Shifted, "nothing"));
            report.Add(Step(1, Example(), Exact, Exact, Shifted));
            report.AddEvaluation(1, new Dictionary<string, double> { ["gIoU"] = 0.25, ["tokens"] = 31.5 });
            report.Warn("A row was passed over.");
        }, new HtmlReportOptions { Name = "a run", Steps = 8, Settings = [new("seed", "7")] });

        page.Html.Title.Should().Be("a run · 2 of 8 steps");
        page.Texts("h1").Should().Equal("a run");
        page.Texts(".state b").Should().Equal("running");
        page.Texts("section > h2").Should().Equal("Warnings", "Curves", "Rewards one by one", "Evaluation", "Groups", "Time", "Settings");
        page.Texts("figure h3").Should().Contain(["Reward", "Entropy", "Clipped", "Gradient norm", "Learning rate", "Length", "Seconds of a step", "Held-out rows", "tokens", "accuracy"]);
        page.Texts(".warnings li span").Should().Contain("A row was passed over.");
        page.Texts("#settings dt, #settings dd").Should().Equal("seed", "7");
        page.Texts(".tile b").Should().Contain("4.00 s", "0.1 + 1.5 + 0.2 + 2.2");
        page.Html.QuerySelectorAll("nav a").Select(a => a.GetAttribute("href")![1..]).Should().Equal(page.Html.QuerySelectorAll("section").Select(s => s.Id));
    }

    [Fact]
    public void A_table_has_the_numbers_of_its_chart()
    {
        var steps = new[] { Step(0, Example(), Exact, Shifted), Step(1, Example(), Exact, Exact) };
        var page = ParsedReport.Of(report => Array.ForEach(steps, report.Add));
        var rows = page.Html.QuerySelectorAll("#curves figure").Single(f => f.QuerySelector("h3")!.TextContent == "Reward").QuerySelectorAll("tbody tr")
            .Select(tr => tr.Children.Select(c => c.TextContent).ToArray()).ToArray();
        rows.Should().HaveCount(2);
        // Both rollouts have 1 + 2 + 3 + 1, the label has no thoughts.
        rows[1].Should().Equal("1", "7", "0", "6");
        double.Parse(rows[0][1], CultureInfo.InvariantCulture).Should().BeApproximately(steps[0].Rewards.Mean!.Value, 0.005);
    }

    [Fact]
    public void Memory_has_a_chart_where_it_was_measured()
    {
        var measured = Step(0, Example(), Exact) with { Memory = new MemorySummary(3L << 30, 1L << 29) };
        string[][] Rows(StepReport step) => [.. ParsedReport.Of(report => report.Add(step)).Html.QuerySelectorAll("#time figure")
            .Where(f => f.QuerySelector("h3")!.TextContent == "Memory").Select(f => f.QuerySelectorAll("tbody tr > *").Select(c => c.TextContent).ToArray())];
        ParsedReport.Of(report => report.Add(measured)).Texts("section > h2").Should().Contain("Time and memory");
        Rows(measured).Should().ContainSingle().Which.Should().Equal("0", "3", "0.5");
        Rows(measured with { Memory = new MemorySummary(3L << 30, null) }).Should().ContainSingle().Which.Should().Equal(["0", "3"], "there is no GPU");
        Rows(measured with { Memory = null }).Should().BeEmpty();
    }

    [Fact]
    public void Ratio_and_entropy_are_those_of_the_rollouts_that_were_scored()
    {   // The objective's own mean over ten tokens, of which two belong to a group that was skipped: 8 · 1 / 10.
        var metrics = new Dictionary<string, double> { ["ratio"] = 0.8, ["rollout_ratio"] = 1, ["entropy"] = 0.4, ["rollout_entropy"] = 0.5 };
        var numbers = StepNumbers.Of(Step(0, Example(), Exact) with { Updates = [new UpdateReport(1, 2, 3, metrics, null)] });
        numbers.Where(n => n.Key.EndsWith("ratio", StringComparison.Ordinal) || n.Key.EndsWith("entropy", StringComparison.Ordinal))
            .Select(n => n.Value.Mean).Should().BeEquivalentTo([1.0, 0.5]);
        // Without them the objective's are all there is.
        StepNumbers.Of(Step(0, Example(), Exact) with { Updates = [new UpdateReport(1, 2, 3, new Dictionary<string, double> { ["ratio"] = 0.8 }, null)] })
            .Single(n => n.Key.EndsWith("ratio", StringComparison.Ordinal)).Value.Mean.Should().Be(0.8);
    }

    [Fact]
    public void Texts_of_model_data_and_settings_stay_texts()
    {
        var example = VisionExample.Ask(Script, Script, Circle, ImageSource.FromBytes("no picture"u8.ToArray(), Script));
        var suite = VisionReasonerRewards.Suite().With(RewardFunction.From(Script, (_, c) => c.Text.Length % 7));
        var page = ParsedReport.Of(report =>
        {
            report.Add(Step(0, suite, example, Script, "\uD800\0\u0001\u001B[2J\uFFFF", Exact + Script));
            report.AddEvaluation(0, new Dictionary<string, double> { [Script] = 0.5, [Script + 2] = 50 });
            report.Warn(Script);
            report.Stop(Script);
        }, new HtmlReportOptions { Name = Script, Settings = [new(Script, Script)] });

        page.Html.Scripts.Should().BeEmpty();
        page.Html.All.SelectMany(e => e.Attributes).Where(a => a.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase)).Should().BeEmpty();
        page.Html.All.SelectMany(e => e.Attributes).Where(a => a.Name is "src" or "href").Should().OnlyContain(a => a.Value.StartsWith('#') || a.Value.StartsWith("data:image/"));
        page.Html.QuerySelectorAll("img").Should().BeEmpty("the only picture cannot be read, and the completions' are text");
        page.Texts(".answer .text").Should().Equal(Script, "\uFFFD\u2400\u2401\u241B[2J\uFFFD", Exact + Script, new LabelFormat().Write(Circle));
        page.Texts("h1, .group h3, .why, .question, #settings dd, .warnings li:first-child span").Should().HaveCount(6).And.OnlyContain(text => text == Script);
    }

    [Theory]
    [InlineData(6, "1 earlier warning")]
    [InlineData(7, "2 earlier warnings")]
    public void What_is_counted_agrees_with_its_number(int warnings, string words)
        => ParsedReport.Of(report =>
        {
            for (var i = 0; i < warnings; i++) report.Warn(new string((char)('a' + i), 3));
        }).Texts("#warnings summary").Should().Equal(words);

    [Fact]
    public void The_page_forbids_scripts_and_whatever_is_elsewhere()
        => ParsedReport.Of(report => report.Add(Step(0, Example(), Exact))).Html.QuerySelector("meta[http-equiv='Content-Security-Policy']")!.GetAttribute("content")
            .Should().StartWith("default-src 'none';").And.NotContain("script-src");

    [Fact]
    public void The_page_does_not_depend_on_the_culture()
    {
        var clock = new HtmlReportOptions { Clock = new Stopped() };
        string Text() => ParsedReport.Of(report => report.Add(Step(12345, Example(), Exact, Shifted)), clock).Text;
        var (before, invariant) = (CultureInfo.CurrentCulture, Text());
        try
        {
            foreach (var name in new[] { "de-DE", "fr-FR", "ar-SA", "fa-IR" })
            {
                CultureInfo.CurrentCulture = new CultureInfo(name);
                Text().Should().Be(invariant, name);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_long_run_with_large_pictures_and_long_texts_stays_small()
    {
        var (photograph, text, names) = (Picture(1200, 900), new string('<', 5000), Enumerable.Range(0, 20).ToArray());
        var suite = names.Aggregate(VisionReasonerRewards.Suite(), (s, i) => s.With(RewardFunction.From($"reward {i}", (_, c) => c.Text.Length % (i + 2))));
        var options = new HtmlReportOptions { Every = 1000, Groups = 60, Settings = [.. Enumerable.Range(0, 150).Select(i => new KeyValuePair<string, string>($"setting {i}", text))] };
        var page = ParsedReport.Of(report =>
        {
            var plain = Step(0, suite, Example("row", picture: photograph), [Exact, .. Enumerable.Repeat(text, 15)]);
            for (var step = 0; step < 250; step++)
            {
                report.Add(plain with { Step = step, Updates = [new UpdateReport(1, 2, 3, names.ToDictionary(i => $"metric {i}", i => Math.Sin(step * i)), null)] });
                report.AddEvaluation(step, names.ToDictionary(i => $"measure {i}", i => Math.Sin(step * i) + i % 2));
                report.Warn($"Word {string.Concat(Enumerable.Repeat('x', step))} is long.", step);
            }
        }, options);
        System.Text.Encoding.UTF8.GetByteCount(page.Text).Should().BeInRange(1_000_000, options.MostBytes);
        page.Html.QuerySelectorAll("article.group").Length.Should().BeGreaterThan(2);
        page.Texts("#groups .note").Last().Should().EndWith("further groups would have made the file larger than 3,000,000 bytes.");
    }

    [Fact]
    public void The_file_is_written_at_the_first_step_and_then_every_so_many()
    {
        using var folder = new TemporaryDirectory();
        var report = new HtmlReport(folder.File("sub/report.html"), new HtmlReportOptions { Every = 3 });
        var written = Enumerable.Range(0, 8).Select(step =>
        {
            report.Add(Step(step, Example(), Exact, Shifted));
            return ParsedReport.Read(report.Path).Html.Title;
        });
        written.Select(title => title!.Split("· ")[1]).Should().Equal("1 steps", "1 steps", "1 steps", "4 steps", "4 steps", "4 steps", "7 steps", "7 steps");
        report.Finish();
        ParsedReport.Read(report.Path).Texts(".state b").Should().Equal("finished");
        Directory.GetFiles(folder.File("sub")).Should().Equal(report.Path);
    }

    [Fact]
    public void A_report_that_cannot_be_written_says_so_and_is_not_half_there()
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder.File("report.html"));
        var strict = new HtmlReport(folder.File("report.html"));
        strict.Invoking(r => r.Add(Step(0, Example(), Exact))).Should().Throw<IOException>().WithMessage($"Expected to write the report '{strict.Path}'*OnError*");
        Directory.GetFiles(folder.Path).Should().BeEmpty();

        var errors = new List<IOException>();
        var patient = new HtmlReport(folder.File("report.html"), new HtmlReportOptions { Every = 2, OnError = errors.Add });
        for (var step = 0; step < 3; step++) patient.Add(Step(step, Example(), Exact));
        errors.Should().HaveCount(2, "steps 0 and 2");
        patient.Invoking(r => r.Finish()).Should().Throw<IOException>("who ends a run wants to know");
    }

    [Fact]
    public void A_resumed_step_replaces_what_came_after_it()
    {
        var page = ParsedReport.Of(report =>
        {
            for (var step = 0; step < 5; step++) report.Add(Step(step, Example($"row {step}"), Exact, Shifted));
            report.Add(Step(2, Example("again"), Exact, Shifted));
        });
        page.Texts("#curves figure:first-child tbody th").Should().Equal("0", "1", "2");
        page.Texts(".group h3").Should().Equal("again", "row 1", "row 0");
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("/")]
    public void A_path_without_a_file_name_is_refused(string path) => FluentActions.Invoking(() => new HtmlReport(path)).Should().Throw<ArgumentException>();
}
