using FineTune;
using FineTune.Settings;
using Samples.Shared;

return Run.Guarded(cancel =>
{
    var line = new CommandLine(
        """
        Post-trains any Qwen-VL checkpoint directory as a settings file says; see the files in samples/FineTune/settings.

          dotnet run -c Release --project samples/FineTune -- --settings FILE              train; Ctrl-C saves and ends
          dotnet run -c Release --project samples/FineTune -- --settings FILE --resume     go on
          dotnet run -c Release --project samples/FineTune -- --settings FILE --check      look at the rows only
          dotnet run -c Release --project samples/FineTune -- --settings FILE --evaluate DIR

        The example, the committed tiny model on the committed pictures, two minutes on two cores:

          dotnet run -c Release --project samples/FineTune -- --settings samples/FineTune/settings/tiny.json
        """,
        new Option("--settings", "FILE", "JSON settings; with other options and without it, the example's"),
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
    if (args.Length == 0)
    {   // Nobody who types the name alone wants a training to begin.
        Console.Error.WriteLine(line.Help);
        return 2;
    }
    var settings = SettingsFile.Read(line.Text("--settings") ?? Path.Combine(Assets.Repository, "samples", "FineTune", "settings", "tiny.json"));
    settings = settings with
    {
        Training = settings.Training with { Steps = line.Number("--steps", settings.Training.Steps, least: 1) },
        Device = line.Text("--device") ?? settings.Device,
        Output = line.Text("--output") is { } output ? Path.GetFullPath(output) : settings.Output,
    };
    var weights = line.Text("--evaluate") is { } named ? WeightsFolder.Of(named, settings.Output) : null;
    using var workshop = Workshop.Open(settings);
    if (line.Has("--check")) DataCheck.Show(workshop, cancel);
    else if (weights is not null) HeldOut.Show(workshop, weights, cancel);
    else return TrainingSession.Run(workshop, line.Has("--resume"), cancel) ? 0 : 130;
    return 0;
}, list: true);
