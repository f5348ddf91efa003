namespace ViSurf.Core.Training.Checkpoints;

/// <summary>
/// A directory that is named like a checkpoint and has no mark that can be read. A save puts the mark in before the name, so this is a
/// broken disk or somebody's hand, and its weights may be whole.
/// </summary>
/// <param name="Directory">Where it is.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record DamagedCheckpoint(string Directory, string Problem)
{
    /// <summary>One sentence, and what to do.</summary>
    public override string ToString()
        => $"The checkpoint '{Directory}' is damaged: {Problem}. Remove or rename its directory to go on from the one before it; "
            + $"its weights load on their own, if they are whole.";
}
