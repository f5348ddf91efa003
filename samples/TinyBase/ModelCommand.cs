using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Samples.Shared;
using TinyBase.Checkpoint;
using TinyBase.Shapes;

namespace TinyBase;

/// <summary>Makes the base model: vocabulary, config, random weights, supervised training, one checkpoint directory.</summary>
internal static class ModelCommand
{
    private const string Mark = "made.json";
    private const int VocabularyRows = 4000;

    public static void Execute(string[] args, CancellationToken cancel)
    {
        var line = new CommandLine("TinyBase model: trains a Qwen2.5-VL of about 1.5 M parameters from random weights on generated pictures",
            new Option("--seed", "N", "seed of weights, pictures and questions (1)"),
            new Option("--steps", "N", "optimizer steps (2600)"),
            new Option("--batch", "N", "rows a step (32)"),
            new Option("--device", "NAME", "cpu, cuda or cuda:N (cpu)"),
            new Option("--output", "DIR", "where to write (samples/assets/tiny-base)"),
            new Option("--smoke", null, "a few steps into a temporary folder, to see that it runs")).Parse(args);
        if (line.WantsHelp)
        {
            Console.WriteLine(line.Help);
            return;
        }
        var smoke = line.Has("--smoke");
        var options = new BaseTrainingOptions
        {
            Seed = line.Number("--seed", 1, 0),
            Steps = line.Number("--steps", smoke ? 3 : 2600, 1),
            Batch = line.Number("--batch", smoke ? 4 : 32, 1),
            Device = line.Text("--device") ?? "cpu",
        };
        var output = line.Text("--output") ?? (smoke ? Path.Combine(Path.GetTempPath(), "visurf-tiny-base-smoke") : Path.Combine(Assets.Root, "tiny-base"));
        var clock = Stopwatch.StartNew();
        using var staged = new StagedFolder(output, Mark);
        using var fresh = new TemporaryFolder();
        WriteFresh(fresh.Path, options.Seed);
        BaseTraining.Execute(fresh.Path, staged.Path, options, cancel);
        JsonFile.Write(staged.Path, Mark, new JsonObject
        {
            ["command"] = $"dotnet run -c Release --project samples/TinyBase -- model --seed {options.Seed} --steps {options.Steps} --batch {options.Batch} --device {options.Device}",
            ["seed"] = options.Seed,
            ["minutes"] = Math.Round(clock.Elapsed.TotalMinutes, 1),
            ["made"] = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        });
        Console.WriteLine($"base model in {staged.Commit()}");
    }

    /// <summary>An untrained checkpoint directory.</summary>
    internal static void WriteFresh(string folder, int seed)
    {
        var config = new TinyConfig();
        var chats = new RowGenerator(seed, "vocabulary", RowMix.BaseTraining).Take(VocabularyRows).SelectMany(
            row => (string[])["system\n", ChatTemplate.SystemPrompt, "user\n", row.Question, "assistant\n", row.BaseAnswer, "<answer>[]</answer>"]);
        var vocabulary = BytePairTrainer.Train(chats, config.MaxVocabulary);
        CheckpointFiles.Write(folder, config, vocabulary);
        Console.WriteLine($"vocabulary of {vocabulary.Tokens.Count} learned and {SpecialTokens.All.Count} added tokens");
    }
}
