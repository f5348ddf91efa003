using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>How predictions of equal confidence are ranked.</summary>
public enum TiedConfidence
{
    /// <summary>
    /// They count together: precision and recall are read after the last of them. The order in which they were written cannot matter, and
    /// surplus boxes of the same confidence always cost precision.
    /// </summary>
    Together,

    /// <summary>In the order in which they were written, as pycocotools' stable sort has it (and so VLM-R1, where every confidence is 1).</summary>
    AsWritten,
}

/// <summary>Settings of <see cref="AveragePrecision"/>; the defaults are COCO's.</summary>
public sealed record AveragePrecisionOptions
{
    /// <summary>Overlaps from which a prediction can match (at least this much), averaged over.</summary>
    /// <value>0.5, 0.55, …, 0.95. [0.5] is AP50.</value>
    public IReadOnlyList<double> Thresholds { get; init; } = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

    /// <summary>Predictions of one class beyond this many, the least confident, are not looked at.</summary>
    /// <value>100.</value>
    public int MaximumDetections { get; init; } = 100;

    /// <summary>How equal confidences are ranked.</summary>
    /// <value><see cref="TiedConfidence.Together"/>.</value>
    public TiedConfidence Ties { get; init; } = TiedConfidence.Together;

    /// <summary>What a coordinate means.</summary>
    /// <value><see cref="PixelConvention.Continuous"/>.</value>
    public PixelConvention Convention { get; init; } = PixelConvention.Continuous;
}

/// <summary>
/// COCO's average precision of one picture: predictions of a class in order of confidence, each matched to the free object it overlaps most;
/// precision made monotone from the right and read at recalls 0, 0.01, …, 1; mean over thresholds and over the classes that have objects.
/// </summary>
public static class AveragePrecision
{
    private const int RecallPoints = 101;

    /// <summary>The average precision, in [0, 1].</summary>
    /// <param name="predicted">Predictions; their classes are compared without case and outer blanks.</param>
    /// <param name="objects">At least one labelled object; a class that is null matches a null class only.</param>
    /// <param name="options">Null means COCO's.</param>
    /// <exception cref="ArgumentException">There are no objects: nothing can be recalled.</exception>
    public static double Of(IReadOnlyList<(Box Box, string? Label, double Confidence)> predicted, IReadOnlyList<LabelledBox> objects, AveragePrecisionOptions? options = null)
    {
        options ??= new AveragePrecisionOptions();
        if (Guard.NotNull(objects).Count == 0) throw new ArgumentException("Expected at least one labelled object, got none.", nameof(objects));
        var byClass = Guard.NotNull(predicted).ToLookup(p => Class(p.Label), p => (p.Box, p.Confidence));
        return objects.GroupBy(o => Class(o.Label), o => o.Box)
            .Average(group => OfClass(Ranked(byClass[group.Key], options), [.. group], options));
    }

    private static string? Class(string? label) => label?.Trim().ToLowerInvariant();

    private static (Box Box, double Confidence)[] Ranked(IEnumerable<(Box Box, double Confidence)> predicted, AveragePrecisionOptions options)
    {
        var ranked = predicted.OrderByDescending(p => p.Confidence);
        if (options.Ties == TiedConfidence.Together)
            ranked = ranked.ThenBy(p => p.Box.X1).ThenBy(p => p.Box.Y1).ThenBy(p => p.Box.X2).ThenBy(p => p.Box.Y2);
        return [.. ranked.Take(options.MaximumDetections)];
    }

    private static double OfClass((Box Box, double Confidence)[] ranked, Box[] objects, AveragePrecisionOptions options)
    {
        var overlaps = new double[ranked.Length, objects.Length];
        for (var p = 0; p < ranked.Length; p++)
            for (var o = 0; o < objects.Length; o++) overlaps[p, o] = BoxOverlap.IoU(ranked[p].Box, objects[o], options.Convention);
        return options.Thresholds.Average(threshold => Area(Hits(overlaps, threshold), ranked, objects.Length, options.Ties));
    }

    private static bool[] Hits(double[,] overlaps, double threshold)
    {
        var (hits, taken) = (new bool[overlaps.GetLength(0)], new bool[overlaps.GetLength(1)]);
        for (var p = 0; p < hits.Length; p++)
        {
            // COCO takes the last of equally good objects, and forgives a threshold of 1 its rounding.
            var (best, least) = (-1, Math.Min(threshold, 1 - 1e-10));
            for (var o = 0; o < taken.Length; o++)
                if (!taken[o] && overlaps[p, o] >= least) (best, least) = (o, overlaps[p, o]);
            if (best >= 0) hits[p] = taken[best] = true;
        }
        return hits;
    }

    private static double Area(bool[] hits, (Box Box, double Confidence)[] ranked, int objects, TiedConfidence ties)
    {
        var curve = new List<(double Recall, double Precision)>();
        for (int p = 0, right = 0; p < hits.Length; p++)
        {
            if (hits[p]) right++;
            var isLastOfTie = p + 1 == hits.Length || ranked[p + 1].Confidence != ranked[p].Confidence;
            if (ties == TiedConfidence.AsWritten || isLastOfTie) curve.Add(((double)right / objects, (double)right / (p + 1)));
        }
        for (var k = curve.Count - 2; k >= 0; k--) curve[k] = curve[k] with { Precision = Math.Max(curve[k].Precision, curve[k + 1].Precision) };
        var (sum, at) = (0.0, 0);
        for (var r = 0; r < RecallPoints; r++)
        {
            while (at < curve.Count && curve[at].Recall < r / (RecallPoints - 1.0)) at++;
            if (at < curve.Count) sum += curve[at].Precision;
        }
        return sum / RecallPoints;
    }
}
