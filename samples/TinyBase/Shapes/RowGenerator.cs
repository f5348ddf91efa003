using ViSurf.Core.Common;

namespace TinyBase.Shapes;

/// <summary>How often each kind of question is asked, as relative weights.</summary>
internal sealed record RowMix(double Present, double Absent, double Colour, double Count, double Check, double Any = 0)
{
    /// <summary>Half of the questions have an object to find, a third do not.</summary>
    public static RowMix PostTraining { get; } = new(0.50, 0.35, 0.05, 0.05, 0.05);

    /// <summary>Where things are and what they are called.</summary>
    public static RowMix FirstLessons { get; } = new(0.20, 0.20, 0.05, 0, 0.05, 0.50);

    /// <summary>Mostly objects to find; the absent ones teach the base model its one mistake.</summary>
    public static RowMix BaseTraining { get; } = new(0.32, 0.24, 0.05, 0.06, 0.23, 0.10);

    public QuestionKind Pick(double uniform)
    {
        var at = uniform * (Present + Absent + Colour + Count + Check + Any);
        return at < Present ? QuestionKind.Present
            : at < Present + Absent ? QuestionKind.Absent
            : at < Present + Absent + Colour ? QuestionKind.Colour
            : at < Present + Absent + Colour + Count ? QuestionKind.Count
            : at < Present + Absent + Colour + Count + Check ? QuestionKind.Check
            : QuestionKind.Any;
    }
}

/// <summary>Rows as a pure function of (seed, set name, index): any row can be made again alone.</summary>
internal sealed class RowGenerator(long seed, string set, RowMix mix, SceneOptions? scenes = null)
{
    private readonly SceneOptions _scenes = scenes ?? new SceneOptions();

    public Row this[int index]
    {
        get
        {
            var random = new Random(SeedStream.Derive(seed, set, index));
            var kind = mix.Pick(random.NextDouble());
            while (true) // A scene may not allow the question (no shape that occurs once): draw another.
            {
                var scene = SceneGenerator.Draw(random, kind is QuestionKind.Count ? _scenes with { MaxObjects = _scenes.MostToCount } : _scenes);
                if (Questions.Ask(random, scene, kind) is { } asked)
                    return new Row($"{set}-{index:0000}", scene, kind, asked.Question, asked.Target, asked.BaseAnswer);
            }
        }
    }

    public IEnumerable<Row> Take(int count) => Enumerable.Range(0, count).Select(i => this[i]);
}
