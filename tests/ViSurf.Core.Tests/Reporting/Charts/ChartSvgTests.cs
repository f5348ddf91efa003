using System.Globalization;
using System.Xml.Linq;
using FluentAssertions;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Markup;
using Xunit;

namespace ViSurf.Core.Tests.Reporting.Charts;

/// <summary>A drawing read back: where its lines are, and what its columns say.</summary>
public sealed class ChartSvgTests
{
    private static readonly XNamespace None = "";

    [Fact]
    public void A_line_goes_through_its_values()
    {   // Values 0, 10, 5 on an axis from 0 to 10 between y = 76 (100 − 24 below) and y = 8; steps 0, 1, 2 between x = 46 and x = 190 (200 − 10).
        var svg = Draw([0, 10, 5], 200, 100);
        Points(svg.Descendants("path").Single().Attribute("d")!.Value).Should().Equal((46, 76), (118, 8), (190, 42));
        svg.Descendants("title").Select(t => t.Value).Should().Equal("Step 0\nspeed: 0", "Step 1\nspeed: 10", "Step 2\nspeed: 5");
        svg.Attribute("aria-label")!.Value.Should().Be("Speed: speed 0 at first, 5 at last");
        svg.Descendants("text").Select(t => t.Value).Should().Equal("0", "2", "4", "6", "8", "10", "0", "1", "2");
    }

    [Fact]
    public void Where_a_line_has_no_number_it_is_broken_and_a_lonely_number_is_a_dot()
    {
        var two = Draw(new Dictionary<string, double>[] { new() { ["a"] = 1, ["b"] = 1 }, new() { ["b"] = 2 }, new() { ["a"] = 3, ["b"] = 3 } }, ["a", "b"]);
        two.Descendants("path").Select(p => p.Attribute("d")!.Value.Count(c => c == 'M')).Should().Equal(2, 1);
        two.Descendants("circle").Count(c => c.Attribute("class")!.Value == "mark c1").Should().Be(2);
    }

    [Fact]
    public void Columns_cover_the_drawing_without_gap_or_overlap()
    {
        var columns = Draw([3, 1, 4, 1, 5], 200, 100).Descendants("rect").Select(r => (X: Number(r, "x"), Width: Number(r, "width"))).ToArray();
        columns[0].X.Should().Be(46);
        (columns[^1].X + columns[^1].Width).Should().Be(190);
        for (var i = 1; i < columns.Length; i++) columns[i].X.Should().BeApproximately(columns[i - 1].X + columns[i - 1].Width, 0.02);
    }

    [Fact]
    public void Stacked_areas_reach_the_sum()
    {   // 2 + 3 = 5 on an axis that ends at 5: the upper area's upper edge is the top, y = 8.
        var data = Data(new Dictionary<string, double>[] { new() { ["a"] = 2, ["b"] = 3 }, new() { ["a"] = 2, ["b"] = 3 } }, ["a", "b"], stacked: true);
        data.Y.High.Should().Be(5);
        var areas = Svg(data, 200, 100).Descendants("path").Select(p => Points(p.Attribute("d")!.Value)).ToArray();
        areas[1].Take(2).Should().Equal((46, 8), (190, 8));
        areas[1].Skip(2).Should().BeEquivalentTo(areas[0].Take(2), "where one ends the next begins");
    }

    [Fact]
    public void A_noisy_line_has_a_quiet_one_over_it_and_a_schedule_does_not()
    {
        var noisy = Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? 0.0 : 1).ToArray();
        Draw(noisy, 200, 100).Descendants("path").Select(p => p.Attribute("class")!.Value).Should().Equal("raw c1", "line c1");
        Draw([.. Enumerable.Range(0, 60).Select(i => (double)i)], 200, 100).Descendants("path").Should().ContainSingle();
        // 60 / 20 = 3 rows to either side: rows 27 to 33 hold 1 0 1 0 1 0 1.
        RunningMean.Of([.. noisy.Select(v => (double?)v)])![30].Should().BeApproximately(4.0 / 7, 1e-12);
    }

    private static XElement Draw(double[] values, int width, int height)
        => Svg(Data([.. values.Select(v => new Dictionary<string, double> { ["speed"] = v })], ["speed"]), width, height);

    private static XElement Draw(Dictionary<string, double>[] rows, string[] lines) => Svg(Data(rows, lines), 200, 100);

    private static ChartData Data(Dictionary<string, double>[] rows, string[] lines, bool stacked = false)
    {
        var timeline = new Timeline<IReadOnlyDictionary<string, Spread>>(1000, Spread.Merge);
        for (var i = 0; i < rows.Length; i++) timeline.Add(i, rows[i].ToDictionary(r => r.Key, r => Spread.Of(r.Value)));
        return new ChartData(new Chart("Speed", "", ChartUnit.Amount, [.. lines.Select((name, i) => new ChartLine(name, name, i + 1))]) { Stacked = stacked }, timeline.Stretches);
    }

    private static XElement Svg(ChartData data, int width, int height)
    {
        var html = new HtmlWriter();
        new ChartSvg(data, width, height).Write(html);
        return XElement.Parse(html.ToString());
    }

    private static (double X, double Y)[] Points(string path)
        => [.. path.Trim('Z').Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split(' ')).Select(p => (Number(p[0]), Number(p[1])))];

    private static double Number(XElement element, string name) => Number(element.Attribute(None + name)!.Value);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
