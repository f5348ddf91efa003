using System.Diagnostics;
using FluentAssertions;
using ViSurf.Core.Reporting;
using ViSurf.Core.Tests.Support;
using Xunit;
using static ViSurf.Core.Tests.Reporting.SampleRun;

namespace ViSurf.Core.Tests.Reporting;

/// <summary>The page in a real browser. What must hold everywhere is in <see cref="HtmlReportTests"/>, which needs none.</summary>
public sealed class BrowserTests
{
    private const string Script = "<script>document.title = 'taken'</script><svg onload=\"document.title='taken'\"><img src=x onerror=\"document.title='taken'\">";

    [BrowserFact]
    public void A_script_in_a_completion_is_text_and_nothing_is_complained_about()
    {
        using var folder = new TemporaryDirectory();
        var file = Hostile(folder);
        var (dom, messages) = Chromium.Dump(file);
        dom.Should().Contain("<title>a run · 1 steps</title>").And.Contain("&lt;script&gt;document.title = 'taken'&lt;/script&gt;");
        messages.Should().NotContain("CONSOLE");
    }

    [BrowserFact]
    public void Escaping_alone_is_enough()
    {   // The same without the page's ban on scripts: what stands between text and script is the escaping.
        using var folder = new TemporaryDirectory();
        var file = Hostile(folder);
        var open = folder.File("open.html");
        var text = File.ReadAllText(file);
        var policy = text.IndexOf("<meta http-equiv=\"Content-Security-Policy\"", StringComparison.Ordinal);
        File.WriteAllText(open, text.Remove(policy, text.IndexOf("/>", policy, StringComparison.Ordinal) + 2 - policy));
        Chromium.Dump(open).Dom.Should().Contain("<title>a run · 1 steps</title>");
        // And this browser would have run it.
        File.WriteAllText(open, $"<title>before</title><p>{Script}</p>");
        Chromium.Dump(open).Dom.Should().Contain("<title>taken</title>");
    }

    [BrowserTheory]
    [InlineData(390)]
    [InlineData(1280)]
    public void Nothing_is_wider_than_the_window(int width)
    {
        using var folder = new TemporaryDirectory();
        var file = Hostile(folder);
        // A script of the test's own measures; the report has none. In a frame, because a window has a least width.
        var probe = folder.File("probe.html");
        var text = File.ReadAllText(file).Replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';", StringComparison.Ordinal);
        const string measure = "<script>addEventListener('load', () => { const d = document.documentElement; parent.document.title = `${innerWidth} ${d.scrollWidth}`; });</script></body>";
        var page = text.Replace("</body>", measure, StringComparison.Ordinal).Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal);
        File.WriteAllText(probe, $"<!DOCTYPE html><html><head><title>0 0</title></head><body><iframe style='border: 0; width: {width}px; height: 900px' srcdoc=\"{page}\"></iframe></body></html>");
        var title = Chromium.Dump(probe).Dom.Split("<title>")[1].Split("</title>")[0].Split(' ').Select(int.Parse).ToArray();
        title[0].Should().Be(width);
        title[1].Should().BeLessThanOrEqualTo(width);
    }

    private static string Hostile(TemporaryDirectory folder)
    {
        var report = new HtmlReport(folder.File("report.html"), new HtmlReportOptions { Name = "a run", Settings = [new("setting", Script), new(new string('x', 180), new string('y', 400))] });
        report.Add(Step(0, Example(Script, Script), Exact, Shifted, Script, new string('z', 3000), "\0\uD800\u202E"));
        report.AddEvaluation(0, new Dictionary<string, double> { ["gIoU"] = 0.5, [Script] = 3 });
        report.Warn(Script + new string('w', 300));
        return report.Path;
    }

    /// <summary>A headless Chromium.</summary>
    private static class Chromium
    {
        private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

        public static string? Path { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator).Where(folder => folder.Length > 0)
            .SelectMany(folder => Names.Select(name => System.IO.Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name))).FirstOrDefault(File.Exists);

        public static (string Dom, string Messages) Dump(string file)
        {
            using var profile = new TemporaryDirectory();
            var start = new ProcessStartInfo(Path!) { RedirectStandardOutput = true, RedirectStandardError = true };
            // Tests may run as root in a container, where the sandbox does not start; the pages are our own.
            foreach (var argument in new[] { "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--enable-logging=stderr", "--virtual-time-budget=3000",
                         $"--user-data-dir={profile.Path}/p", "--window-size=1280,900", "--dump-dom", new Uri(file).AbsoluteUri })
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            var messages = process.StandardError.ReadToEndAsync();
            var dom = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            dom.Should().Contain("</html>", "the browser should show the page; it said: {0}", messages.Result);
            return (dom, messages.Result);
        }
    }

    /// <summary>Runs where a browser is found.</summary>
    private sealed class BrowserFactAttribute : FactAttribute
    {
        public BrowserFactAttribute() => Skip = Missing;
    }

    private sealed class BrowserTheoryAttribute : TheoryAttribute
    {
        public BrowserTheoryAttribute() => Skip = Missing;
    }

    private static string? Missing => Chromium.Path is null ? "There is no Chromium or Chrome on the PATH. What needs none is tested in HtmlReportTests." : null;
}
