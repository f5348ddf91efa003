namespace TinyBase.Shapes;

/// <summary>What pictures look like.</summary>
internal sealed record SceneOptions
{
    /// <summary>Widths and heights to draw from, in pixels.</summary>
    /// <value>Multiples of 28 (one image token each way), so the image processor leaves the picture, and the label's pixels, alone.</value>
    public IReadOnlyList<int> Sides { get; init; } = [84, 112];

    /// <summary>Fewest objects in a picture.</summary>
    public int MinObjects { get; init; } = 1;

    /// <summary>Most objects in a picture.</summary>
    /// <value>1: a model of 1.6 M parameters learns in half an hour to find the object, and not to choose between several.</value>
    public int MaxObjects { get; init; } = 1;

    /// <summary>Smallest side of an object in pixels.</summary>
    public int MinSize { get; init; } = 20;

    /// <summary>Largest side of an object in pixels; never more than half the picture.</summary>
    public int MaxSize { get; init; } = 56;

    /// <summary>Objects start and end on multiples of this many pixels.</summary>
    /// <value>4: fine enough to miss by, coarse enough for a model of 1.5 M parameters.</value>
    public int Step { get; init; } = 4;
}

/// <summary>Draws scenes: shapes that do not touch each other, each colour and kind at most once together.</summary>
internal static class SceneGenerator
{
    private const int TriesPerObject = 40;

    public static Scene Draw(Random random, SceneOptions options)
    {
        var (width, height) = (Pick(random, options.Sides), Pick(random, options.Sides));
        var texture = Texture.Draw(random);
        var wanted = random.Next(options.MinObjects, options.MaxObjects + 1);
        var objects = new List<SceneObject>();
        for (var tries = 0; objects.Count < wanted && tries < wanted * TriesPerObject; tries++)
        {
            var candidate = DrawObject(random, options, width, height);
            if (objects.All(o => Fits(o, candidate, options.Step))) objects.Add(candidate);
        }
        return new Scene(width, height, texture, objects);
    }

    private static SceneObject DrawObject(Random random, SceneOptions options, int width, int height)
    {
        var step = options.Step;
        var largest = Math.Min(options.MaxSize, Math.Min(width, height) / 2);
        var size = OnGrid(random, options.MinSize, largest, step);
        return new SceneObject(
            Pick(random, Palette.Colours), Pick(random, Enum.GetValues<ShapeKind>()),
            OnGrid(random, 0, width - size, step), OnGrid(random, 0, height - size, step), size, random.Next(-8, 9));
    }

    private static bool Fits(SceneObject there, SceneObject candidate, int gap)
        => (there.Colour != candidate.Colour || there.Kind != candidate.Kind)
            && (candidate.X >= there.X + there.Size + gap || there.X >= candidate.X + candidate.Size + gap
                || candidate.Y >= there.Y + there.Size + gap || there.Y >= candidate.Y + candidate.Size + gap);

    private static int OnGrid(Random random, int low, int high, int step)
        => (low + step - 1) / step * step + step * random.Next((high - low) / step + 1);

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
