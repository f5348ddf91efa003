using ViSurf.Core.Data;

namespace TinyBase.Shapes;

/// <summary>A question with its true answer and the base model's lesson.</summary>
internal sealed record Asked(string Question, Target Target, string BaseAnswer);

/// <summary>Asks about a scene; null when the scene does not allow the question.</summary>
internal static class Questions
{
    private static readonly LabelFormat Form = new();

    public static Asked? Ask(Random random, Scene scene, QuestionKind kind) => kind switch
    {
        QuestionKind.Present => Present(scene, Pick(random, scene.Objects)),
        QuestionKind.Any => Any(scene, Pick(random, scene.Objects)),
        QuestionKind.Absent => Absent(random, scene),
        QuestionKind.Colour => Colour(random, scene),
        QuestionKind.Count => Count(random, scene),
        QuestionKind.Check => Check(random, scene),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static Asked Present(Scene scene, SceneObject item)
        => new(Find(item.Phrase), Boxes(item), Answer(Seen(scene, item), Boxes(item)));

    private static Asked? Any(Scene scene, SceneObject item)
        => scene.Objects.Count > 1 ? null : new Asked(Find("object"), Boxes(item), Answer(Seen(scene, item), Boxes(item)));

    /// <summary>
    /// An object that is not there, most often a near miss: the right shape in another colour, or the right colour on another shape.
    /// The base model's lesson takes the nearest miss for it: first by colour, then by shape, then the largest. The thought says what that
    /// is: the model sees well and draws no conclusion.
    /// </summary>
    private static Asked Absent(Random random, Scene scene)
    {
        var (colour, shape) = NearMiss(random, Pick(random, scene.Objects));
        if (scene.Objects.Any(o => o.Colour == colour && o.Kind == shape)) return Absent(random, scene);
        var mistaken = scene.Objects.MaxBy(o => (o.Colour == colour, o.Kind == shape, o.Size))!;
        var phrase = $"{colour.Name} {shape.Word()}";
        return new Asked(Find(phrase), new GroundingTarget([]),
            Answer(Seen(scene, mistaken), Boxes(mistaken)));
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

    /// <summary>Whether what is there is what the question says: half of the answers are yes, most of the others are near misses.</summary>
    private static Asked Check(Random random, Scene scene)
    {
        var item = Pick(random, scene.Objects);
        var yes = random.Next(2) == 0;
        var (colour, shape) = yes ? (item.Colour, item.Kind) : NearMiss(random, item);
        var target = new TextTarget(yes ? "yes" : "no");
        return new Asked($"Is it a {colour.Name} {shape.Word()}?", target, Answer(Seen(scene, item), target));
    }

    /// <summary>The right shape in another colour, the right colour on another shape, or (one in five) neither.</summary>
    private static (NamedColour Colour, ShapeKind Shape) NearMiss(Random random, SceneObject item)
    {
        var (colour, shape) = (Other(random, Palette.Colours, item.Colour), Other(random, Enum.GetValues<ShapeKind>(), item.Kind));
        return random.Next(5) switch
        {
            0 or 1 => (colour, item.Kind),
            2 or 3 => (item.Colour, shape),
            _ => (colour, shape),
        };
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

    private static T Other<T>(Random random, IReadOnlyList<T> items, T but) => Pick(random, [.. items.Where(i => !Equals(i, but))]);

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
