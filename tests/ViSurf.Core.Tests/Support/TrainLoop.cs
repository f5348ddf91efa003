using System.Globalization;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Tests.Support;

/// <summary>Trains and saves after every step until it is killed, and says what it has done: the victim of <see cref="KilledTraining"/>.</summary>
internal static class TrainLoop
{
    public const string Method = "visurf";

    public static int Run(string folder)
    {
        using var store = CheckpointStore.Open(folder);
        TinyRun? tiny = null;
        using var run = tiny = new TinyRun(Method, new TrainingRunOptions
        {
            Steps = long.MaxValue,
            SaveEvery = 1,
            AfterStep = report => Say($"step {report.Step + 1} {tiny!.Hash()} {ReportText.Hash(report)}"),
            AfterSave = checkpoint => Say($"saved {checkpoint.Step}"),
        }, store);
        Say($"resumed {run.Run.Resume()?.Step ?? 0}");
        run.Run.Run();
        return 0;
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
