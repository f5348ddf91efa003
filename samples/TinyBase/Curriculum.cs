using TinyBase.Shapes;
using ViSurf.Core.Data;

namespace TinyBase;

/// <summary>
/// What the base model is taught when: where things are and what they are called in small pictures first, then everything. Without the
/// first stage a model this small learns how answers look and is slow to notice that the picture matters.
/// </summary>
internal sealed class Curriculum(int seed, int steps)
{
    private static readonly SceneOptions Scenes = new();

    private readonly (double Until, RowGenerator Rows)[] _stages =
    [
        (0.30, new RowGenerator(seed, "lesson-one", RowMix.FirstLessons, Scenes with { Sides = [84] })),
        (1.00, new RowGenerator(seed, "lesson-all", RowMix.BaseTraining, Scenes)),
    ];

    /// <summary>The lessons of a step; no row comes twice.</summary>
    public VisionExample[] Lessons(int step, int batch)
    {
        var stage = _stages.First(s => step < s.Until * steps);
        // Rows are drawn by SkiaSharp: both cores help.
        return Enumerable.Range(step * batch, batch).AsParallel().AsOrdered().Select(i => stage.Rows[i].Lesson()).ToArray();
    }
}
