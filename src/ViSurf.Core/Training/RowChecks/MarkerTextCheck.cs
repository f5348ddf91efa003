namespace ViSurf.Core.Training.RowChecks;

/// <summary>
/// Counts prompts in which <c>&lt;image&gt;</c> and its like stand as text. Rows that are read from files have pictures there; examples
/// made by hand, or read with <c>MediaMarkers.Text</c>, show the word to the model, which is seldom meant.
/// </summary>
internal sealed class MarkerTextCheck : IRowCheck
{
    private static readonly string[] Markers = ["<image>", "<video>", "<audio>"];

    public void Look(RowFindings row)
    {
        foreach (var marker in Markers)
            if (row.Example.Turns.Any(turn => turn.Parts.Any(part => part.Text?.Contains(marker, StringComparison.Ordinal) == true)))
                row.Note($"prompts with the word {marker}, which marks no place there");
    }
}
