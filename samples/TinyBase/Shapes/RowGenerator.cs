using ViSurf.Core.Common;

namespace TinyBase.Shapes;

/// <summary>How often each kind of question is asked, as relative weights.</summary>
internal sealed record RowMix(double Present, double Absent, double Colour, double Count, double Any = 0)
{
    /// <summary>Half of the questions have an object to find, a third do not.</summary>
    public static RowMix PostTraining { get; } = new(0.50, 0.35, 0.08, 0.07);

    /// <summary>Where things are and what they are called: half of the questions do not say.</summary>
    public static RowMix FirstLessons { get; } = new(0.35, 0.10, 0.05, 0, 0.50);

    /// <summary>Mostly objects to find; the absent ones teach the base model its one mistake.</summary>
    public static RowMix BaseTraining { get; } = new(0.45, 0.15, 0.10, 0.10, 0.20);

    public QuestionKind Pick(double uniform)
    {
        var at = uniform * (Present + Absent + Colour + Count + Any);
        return at < Present ? QuestionKind.Present
            : at < Present + Absent ? QuestionKind.Absent
            : at < Present + Absent + Colour ? QuestionKind.Colour
            : at < Present + Absent + Colour + Count ? QuestionKind.Count
            : QuestionKind.Any;
    }
}

/// <summary>Rows as a pure function of (seed, set name, index): any row can be made again alone.</summary>
internal sealed class RowGenerator(long seed, string set, RowMix mix, SceneOptions? scenes = null)
{
    private const int MostToCount = 3;

    private readonly SceneOptions _scenes = scenes ?? new SceneOptions();

    public Row this[int index]
    {
        get
        {
            var random = new Random(SeedStream.Derive(seed, set, index));
            var kind = mix.Pick(random.NextDouble());
            while (true) // A scene may not allow the question (no shape that occurs once): draw another.
            {
                var scene = SceneGenerator.Draw(random, Scenes(kind));
                if (Questions.Ask(random, scene, kind) is { } asked)
                    return new Row($"{set}-{index:0000}", scene, kind, asked.Question, asked.Target, asked.BaseAnswer);
            }
        }
    }

    private SceneOptions Scenes(QuestionKind kind) => kind switch
    {
        QuestionKind.Absent => _scenes with { MinObjects = 0, MaxObjects = 0 },
        QuestionKind.Count => _scenes with { MaxObjects = MostToCount },
        _ => _scenes,
    };

    public IEnumerable<Row> Take(int count) => Enumerable.Range(0, count).Select(i => this[i]);
}
