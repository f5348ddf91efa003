using FineTune;
using FineTune.Settings;
using Samples.Shared;

return Run.Guarded(cancel =>
{
    var line = new CommandLine(
        """
        Post-trains any Qwen-VL checkpoint directory as a settings file says; see the files in samples/FineTune/settings.

          dotnet run -c Release --project samples/FineTune -- [--settings FILE] [options]
        """,
        new Option("--settings", "FILE", "JSON settings; without it samples/FineTune/settings/tiny.json"),
        new Option("--resume", null, "go on from the newest checkpoint of the output folder"),
        new Option("--check", null, "look at every row and stop"),
        new Option("--evaluate", "DIR", "answer the held-out rows with the weights or adapter of DIR, a checkpoint or its weights folder (\"base\" for the model as it is) and stop"),
        new Option("--steps", "N", "instead of training.steps"),
        new Option("--device", "NAME", "instead of device: cpu, cuda or cuda:N; cuda needs dotnet run -p:Torch=cuda"),
        new Option("--output", "DIR", "instead of output")).Parse(args);
    if (line.WantsHelp)
    {
        Console.WriteLine(line.Help);
        return 0;
    }
    var settings = SettingsFile.Read(line.Text("--settings") ?? Path.Combine(Assets.Repository, "samples", "FineTune", "settings", "tiny.json"));
    settings = settings with
    {
        Training = settings.Training with { Steps = line.Number("--steps", settings.Training.Steps, least: 1) },
        Device = line.Text("--device") ?? settings.Device,
        Output = line.Text("--output") is { } output ? Path.GetFullPath(output) : settings.Output,
    };
    using var workshop = Workshop.Open(settings);
    if (line.Has("--check")) DataCheck.Show(workshop, cancel);
    else if (line.Text("--evaluate") is { } weights) HeldOut.Show(workshop, weights, cancel);
    else return TrainingSession.Run(workshop, line.Has("--resume"), cancel) ? 0 : 130;
    return 0;
}, list: true);
