using System.Text.Json.Nodes;
using Samples.Shared;
using TinyBase.Checkpoint;
using TinyBase.Shapes;

namespace TinyBase;

/// <summary>Writes the training and held-out rows of the quickstart with their pictures.</summary>
internal static class DataCommand
{
    private const string Mark = "made.json";

    public static void Execute(string[] args)
    {
        var line = new CommandLine("TinyBase data: writes train.jsonl, heldout.jsonl and images/*.png",
            new Option("--seed", "N", "seed of all pictures and questions (2026)"),
            new Option("--train", "N", "training rows (400)"),
            new Option("--heldout", "N", "held-out rows (160)"),
            new Option("--output", "DIR", "where to write (samples/assets/shapes)")).Parse(args);
        if (line.WantsHelp)
        {
            Console.WriteLine(line.Help);
            return;
        }
        var (seed, train, heldOut) = (line.Number("--seed", 2026, 0), line.Number("--train", 400, 1), line.Number("--heldout", 160, 1));
        using var staged = new StagedFolder(line.Text("--output") ?? Path.Combine(Assets.Root, "shapes"), Mark);
        RowWriter.Write(staged.Path, "train", new RowGenerator(seed, "train", RowMix.PostTraining).Take(train));
        RowWriter.Write(staged.Path, "heldout", new RowGenerator(seed, "heldout", RowMix.PostTraining).Take(heldOut));
        JsonFile.Write(staged.Path, Mark, new JsonObject
        {
            ["command"] = $"dotnet run -c Release --project samples/TinyBase -- data --seed {seed} --train {train} --heldout {heldOut}",
            ["seed"] = seed,
        });
        Console.WriteLine($"{train} training rows and {heldOut} held-out rows in {staged.Commit()}");
    }
}
