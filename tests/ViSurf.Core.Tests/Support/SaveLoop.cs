using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// The test assembly's own entry point, for tests that kill a process: <c>dotnet ViSurf.Core.Tests.dll DIRECTORY</c> saves there again
/// and again until it is killed. Test runners do not call it.
/// </summary>
internal static class SaveLoop
{
    public const int Files = 12;

    public static int Main(string[] args)
    {
        if (args is ["train", var folder]) return TrainLoop.Run(folder);
        if (args is ["kill-training", var kills, var killed]) return KilledTraining.Command(kills, killed);
        if (args is not [var target]) return 2;
        for (var save = 0; ; save++)
        {
            using var staged = StagedDirectory.Begin(target, _ => { });
            for (var i = 0; i < Files; i++) File.WriteAllText(Path.Combine(staged.Path, $"{i}.txt"), save.ToString("00000000", CultureInfo.InvariantCulture));
            staged.Commit();
            if (save == 0) Console.WriteLine("saved");
        }
    }
}
