using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>Overlap of masks by walking over their runs: no bitmap is made.</summary>
public static class MaskOverlap
{
    /// <summary>Intersection over union in [0, 1]; symmetric; 1 when both are empty, 0 when one is or when the pictures' sizes differ.</summary>
    public static double IoU(RunLengthMask a, RunLengthMask b)
    {
        var (intersection, union) = Areas(a, b);
        if (a.Height != b.Height || a.Width != b.Width) return 0;
        return union == 0 ? 1 : (double)intersection / union;
    }

    /// <summary>Pixels inside both masks, and inside at least one. Masks of pictures of different sizes have none in common.</summary>
    public static (long Intersection, long Union) Areas(RunLengthMask a, RunLengthMask b)
    {
        Guard.NotNull(a);
        Guard.NotNull(b);
        if (a.Height != b.Height || a.Width != b.Width) return (0, a.Area + b.Area);
        long intersection = 0, union = 0;
        var (i, j) = (0, 0);
        var (leftA, leftB) = (a.Counts.Count > 0 ? a.Counts[0] : 0, b.Counts.Count > 0 ? b.Counts[0] : 0);
        while (i < a.Counts.Count && j < b.Counts.Count)
        {
            var run = Math.Min(leftA, leftB);
            if (i % 2 == 1 && j % 2 == 1) intersection += run;
            if (i % 2 == 1 || j % 2 == 1) union += run;
            leftA -= run;
            leftB -= run;
            if (leftA == 0 && ++i < a.Counts.Count) leftA = a.Counts[i];
            if (leftB == 0 && ++j < b.Counts.Count) leftB = b.Counts[j];
        }
        return (intersection, union);
    }
}
