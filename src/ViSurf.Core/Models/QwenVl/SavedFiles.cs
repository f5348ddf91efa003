using System.Text.Json;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Models.Weights;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>What a policy's side files say where training has changed what is true: which matrix the head is, where answers end.</summary>
internal static class SavedFiles
{
    /// <param name="read">As they were loaded.</param>
    /// <param name="config">The policy's.</param>
    /// <param name="stops">Ends that only the caller knows.</param>
    public static SideFiles Of(SideFiles read, QwenVlConfig config, IReadOnlyList<int> stops)
    {
        var original = read.Find(EndOfTurn.ConfigFile)!;
        var files = config.TiedHead ? read : read.With(EndOfTurn.ConfigFile, ConfigTie.Untie(original));
        try
        {
            var turnEnd = SavedEnds.TurnEnd(read.Find("tokenizer.json"), read.Find("tokenizer_config.json"));
            int[] ends = [.. turnEnd is { } id ? stops.Prepend(id) : stops];
            return files.With(EndOfTurn.GenerationFile, SavedEnds.Write(read.Find(EndOfTurn.GenerationFile), original, ends));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // A file that the encoder refuses by name; a save after hours of training does not fail for it, and carries it over as it is.
            return files;
        }
    }
}
