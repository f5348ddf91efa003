using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;

namespace ViSurf.Core.Tests.Evaluation;

/// <summary>Labels and answers to measure.</summary>
internal static class Evaluated
{
    /// <summary>No intervals, where a test is about values.</summary>
    public static BootstrapOptions NoIntervals { get; } = new() { Resamples = 0 };

    /// <summary>An example with its answers.</summary>
    public static EvaluatedExample Row(Target? target, params string[] answers) => Row("a", target, answers);

    public static EvaluatedExample Row(string id, Target? target, params string[] answers)
        => new(VisionExample.Ask(id, "?", target), [.. answers.Select(text => Completion.OfText(text))]);

    public static double? Value(this Metric metric, params EvaluatedExample[] rows) => new EvaluationSuite(metric).Report(rows, NoIntervals)[metric.Name];

    public static int Applies(this Metric metric, params EvaluatedExample[] rows) => new EvaluationSuite(metric).Report(rows, NoIntervals).Total.Metrics[0].Examples;

    /// <summary>Boxes as "x1,y1,x2,y2", their points far away from everything.</summary>
    public static GroundingTarget Boxes(params string[] boxes) => new([.. boxes.Select(Object)]);

    /// <summary>What a policy writes for them.</summary>
    public static string Answer(params string[] boxes) => new LabelFormat().Write(Boxes(boxes));

    public static GroundedObject Object(string box) => new(Box(box), new PixelPoint(900, 900));

    public static Box Box(string box)
    {
        var n = box.Split(',').Select(double.Parse).ToArray();
        return new Box(n[0], n[1], n[2], n[3]);
    }

    /// <summary>A mask drawn with # and ., rows parted by blanks.</summary>
    public static RunLengthMask Mask(string rows)
    {
        var lines = rows.Split(' ');
        var pixels = new bool[lines.Length, lines[0].Length];
        for (var y = 0; y < lines.Length; y++)
            for (var x = 0; x < lines[y].Length; x++) pixels[y, x] = lines[y][x] == '#';
        return RunLengthMask.FromPixels(pixels);
    }
}
