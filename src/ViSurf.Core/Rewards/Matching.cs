using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>Greedy pairings of predictions with objects; each object is taken once. Time: predictions × objects.</summary>
internal static class Matching
{
    /// <summary>In falling order of confidence, each prediction takes the free object it overlaps most.</summary>
    /// <returns>Per prediction, in its own order, the overlap with its object, or 0.</returns>
    public static double[] ByConfidence(IReadOnlyList<Detection> predicted, IReadOnlyList<LabelledBox> objects, DetectionOptions options)
    {
        var (overlaps, taken) = (new double[predicted.Count], new bool[objects.Count]);
        var left = objects.Count;
        // Equal confidences in the order of the boxes, so that the order of writing does not matter.
        foreach (var p in Enumerable.Range(0, predicted.Count).OrderByDescending(p => predicted[p].Confidence)
                     .ThenBy(p => predicted[p].Box.X1).ThenBy(p => predicted[p].Box.Y1).ThenBy(p => predicted[p].Box.X2).ThenBy(p => predicted[p].Box.Y2)
                     .ThenBy(p => predicted[p].Label, StringComparer.Ordinal))
        {
            if (left == 0) break;
            var (best, overlap) = (-1, 0.0);
            for (var o = 0; o < objects.Count; o++)
                if (!taken[o] && Overlap(predicted[p], objects[o], options) is var found && found > overlap) (best, overlap) = (o, found);
            if (best < 0 || !options.IsMatch(overlap)) continue;
            (overlaps[p], taken[best]) = (overlap, true);
            left--;
        }
        return overlaps;
    }

    /// <summary>The pair that overlaps most, then the next among what is left, whatever the classes.</summary>
    /// <returns>The overlaps of the pairs; 0 for a pair of two classes, which takes both all the same.</returns>
    public static List<double> ByOverlap(IReadOnlyList<Detection> predicted, IReadOnlyList<LabelledBox> objects, DetectionOptions options)
    {
        var pairs = new List<(double Overlap, int P, int O)>();
        for (var p = 0; p < predicted.Count; p++)
            for (var o = 0; o < objects.Count; o++)
            {
                var overlap = BoxOverlap.IoU(predicted[p].Box, objects[o].Box, options.Convention);
                if (overlap > 0 && options.IsMatch(overlap)) pairs.Add((overlap, p, o));
            }
        var matched = new List<double>();
        var (takenP, takenO) = (new HashSet<int>(), new HashSet<int>());
        foreach (var (overlap, p, o) in pairs.OrderByDescending(pair => pair.Overlap)
                     .ThenBy(pair => predicted[pair.P].Box.X1).ThenBy(pair => predicted[pair.P].Box.Y1).ThenBy(pair => predicted[pair.P].Box.X2).ThenBy(pair => predicted[pair.P].Box.Y2)
                     .ThenBy(pair => pair.O))
        {
            if (takenP.Contains(p) || takenO.Contains(o)) continue;
            takenP.Add(p);
            takenO.Add(o);
            matched.Add(IsSameClass(predicted[p], objects[o], options) ? overlap : 0);
        }
        return matched;
    }

    private static double Overlap(Detection predicted, LabelledBox labelled, DetectionOptions options)
        => IsSameClass(predicted, labelled, options) ? BoxOverlap.IoU(predicted.Box, labelled.Box, options.Convention) : 0;

    private static bool IsSameClass(Detection predicted, LabelledBox labelled, DetectionOptions options)
        => options.IgnoreClasses || labelled.Label is null
            || string.Equals(predicted.Label?.Trim(), labelled.Label.Trim(), StringComparison.OrdinalIgnoreCase);
}
