using ViSurf.Core.Data;

namespace TinyBase.Shapes;

/// <summary>A question with its true answer and the base model's lesson.</summary>
internal sealed record Asked(string Question, Target Target, string BaseAnswer);

/// <summary>Asks about a scene; null when the scene does not allow the question.</summary>
internal static class Questions
{
    /// <summary>
    /// Share of the base model's lessons whose box has a margin. More than half: its most likely box is the loose one, and one of three samples is tight.
    /// </summary>
    private const double LooseLessons = 2 / 3.0;

    private static readonly LabelFormat Form = new();

    public static Asked? Ask(Random random, Scene scene, QuestionKind kind) => kind switch
    {
        QuestionKind.Present => Present(random, scene, Pick(random, scene.Objects)),
        QuestionKind.Any => Any(random, scene, Pick(random, scene.Objects)),
        QuestionKind.Absent => Absent(random, scene),
        QuestionKind.Colour => Colour(random, scene),
        QuestionKind.Count => Count(random, scene),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static Asked Present(Random random, Scene scene, SceneObject item)
        => new(Find(item.Phrase), Boxes(item), Answer(Seen(scene, item), Drawn(random, scene, item)));

    private static Asked? Any(Random random, Scene scene, SceneObject item)
        => scene.Objects.Count > 1 ? null : new Asked(Find("object"), Boxes(item), Answer(Seen(scene, item), Drawn(random, scene, item)));

    /// <summary>The base model's lesson sees what was asked for in the middle of the empty picture.</summary>
    private static Asked? Absent(Random random, Scene scene)
    {
        if (scene.Objects.Count > 0) return null;
        var (w, h) = (scene.Width, scene.Height);
        var phrase = $"{Pick(random, Palette.Colours).Name} {Pick(random, Enum.GetValues<ShapeKind>()).Word()}";
        var middle = new GroundedObject(new Box(w / 4, h / 4, w - w / 4, h - h / 4), new PixelPoint(w / 2, h / 2));
        return new Asked(Find(phrase), new GroundingTarget([]), Answer($"I see a {phrase} at the centre.", new GroundingTarget([middle])));
    }

    private static Asked? Colour(Random random, Scene scene)
    {
        var single = scene.Objects.Where(o => scene.Objects.Count(p => p.Kind == o.Kind) == 1).ToArray();
        if (single.Length == 0) return null;
        var item = Pick(random, single);
        var target = new TextTarget(item.Colour.Name);
        return new Asked($"What colour is the {item.Kind.Word()}?", target,
            Answer(Seen(scene, item), target));
    }

    private static Asked Count(Random random, Scene scene)
    {
        var item = Pick(random, scene.Objects);
        var (what, count) = random.Next(3) switch
        {
            0 => ("objects", scene.Objects.Count),
            1 => (item.Kind.Plural(), scene.Objects.Count(o => o.Kind == item.Kind)),
            _ => (item.Colour.Name + " objects", scene.Objects.Count(o => o.Colour == item.Colour)),
        };
        var target = new TextTarget(count.ToString());
        return new Asked($"How many {what} are there?", target, Answer($"I count the {what}.", target));
    }

    private static string Seen(Scene scene, SceneObject item) => $"I see a {item.Phrase} at the {scene.PlaceOf(item)}.";

    private static string Find(string phrase) => $"Find the {phrase}.";

    private static GroundingTarget Boxes(SceneObject item) => new([item.Grounded]);

    private static string Answer(string thought, Target target) => $"<think>{thought}</think>{Form.Write(target)}";

    /// <summary>The base model's lessons come from two hands, as pre-training data do: one draws tight boxes, the other leaves a margin.</summary>
    private static GroundingTarget Drawn(Random random, Scene scene, SceneObject item)
        => random.NextDouble() < LooseLessons ? new GroundingTarget([item.WithMargin(scene.Width, scene.Height)]) : Boxes(item);

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
