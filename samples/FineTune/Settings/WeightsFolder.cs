namespace FineTune.Settings;

/// <summary>What <c>--evaluate</c> names: a checkpoint, its weights folder, or "base".</summary>
internal static class WeightsFolder
{
    /// <summary>The model as the settings name it.</summary>
    public const string Base = "base";

    private const string Weights = "weights", Checkpoints = "checkpoints", Steps = "step-*";

    /// <summary>The folder to load; looked for before the model is, which takes minutes.</summary>
    /// <param name="named">As on the command line.</param>
    /// <param name="output">The output folder, for the message.</param>
    /// <exception cref="InvalidDataException">There are no weights; says which checkpoints there are.</exception>
    public static string Of(string named, string output)
    {
        if (named == Base) return named;
        var inside = Path.Combine(named, Weights); // A checkpoint's folder was named, not the weights in it.
        if (Directory.Exists(inside)) return inside;
        if (Directory.Exists(named) && Directory.EnumerateFiles(named, "*.safetensors").Any()) return named;
        throw new InvalidDataException($"--evaluate: expected a checkpoint (step-...), a folder with weights or an adapter, "
            + $"or \"{Base}\", got '{named}', "
            + $"{(Directory.Exists(named) ? "which holds no weights" : "which is not there")}. {There(named, output)}");
    }

    private static string There(string named, string output)
    {
        foreach (var place in new[] { named, Path.Combine(named, Checkpoints), Path.Combine(output, Checkpoints) }.Where(Directory.Exists))
            if (Directory.GetDirectories(place, Steps).Where(step => Directory.Exists(Path.Combine(step, Weights)))
                .Select(step => Path.GetFileName(step)!).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } steps)
                return $"In '{place}' there are: {string.Join(", ", steps)}.";
        return $"'{Path.Combine(output, Checkpoints)}' holds no checkpoints yet.";
    }
}
