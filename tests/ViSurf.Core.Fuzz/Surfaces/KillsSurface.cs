using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Tests.Support;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// A training run killed at random moments: what is left is whole, nothing that was reported is lost, and steps made again are the same to
/// the last bit.
/// </summary>
internal sealed class KillsSurface : ISurface
{
    private const int Kills = 2;

    public void Try(Attempt attempt)
    {
        using var folder = new Samples.Shared.TemporaryFolder();
        attempt.Note("seed.txt", "the moments of the kills; the machine's speed decides what they hit");
        _ = new KilledTraining(Path.Combine(folder.Path, "run")).Run(Kills, seed: attempt.Dice.Below(int.MaxValue));
        attempt.Count(Kills);
    }

    public void Dispose()
    {
    }
}
