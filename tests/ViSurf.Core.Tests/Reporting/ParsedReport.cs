using System.Xml.Linq;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using FluentAssertions;
using ViSurf.Core.Reporting;
using ViSurf.Core.Tests.Support;

namespace ViSurf.Core.Tests.Reporting;

/// <summary>A report as two parsers that are not ours read it: as HTML, the way browsers do, and as XML, which forgives nothing.</summary>
internal sealed class ParsedReport
{
    private ParsedReport(string text)
    {
        Text = text;
        Html = new HtmlParser(new HtmlParserOptions { IsStrictMode = false }).ParseDocument(text);
        Xml = XDocument.Parse(text, LoadOptions.PreserveWhitespace);
        // If the two do not see the same elements, some text has become markup in one of them.
        Html.All.Select(e => e.LocalName.ToLowerInvariant()).Should().Equal(Xml.Descendants().Select(e => e.Name.LocalName.ToLowerInvariant()));
    }

    public string Text { get; }

    public IHtmlDocument Html { get; }

    public XDocument Xml { get; }

    public IEnumerable<string> Texts(string selector) => Html.QuerySelectorAll(selector).Select(e => e.TextContent);

    public static ParsedReport Read(string path) => new(File.ReadAllText(path));

    /// <summary>The report of a run that <paramref name="run"/> describes.</summary>
    public static ParsedReport Of(Action<HtmlReport> run, HtmlReportOptions? options = null)
    {
        using var folder = new TemporaryDirectory();
        var report = new HtmlReport(folder.File("report.html"), options);
        run(report);
        report.Write();
        return Read(report.Path);
    }
}
