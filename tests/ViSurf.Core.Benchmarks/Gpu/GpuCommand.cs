using Samples.Shared;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>
/// Tests and measurements on a machine with a GPU, each part in a process of its own. tests/gpu/run.sh sets the environment and calls it;
/// this process never loads libtorch, so that none of the parts can take the others with it.
/// </summary>
internal static class GpuCommand
{
    private const int Seconds = 480;

    private static readonly Option[] Options =
    [
        new("--device", "NAME", "cuda or cuda:N; cpu to try it out (cuda)"),
        new("--libtorch", "DIR", "folder of libtorch, such as torch/lib of a Python install (what the loader finds)"),
        new("--root", "DIR", "the unpacked archive (the folder above this program's)"),
        new("--out", "DIR", "where results.jsonl and each part's output go (results, in the archive's folder)"),
        new("--work", "DIR", "where models are made: 25 GB (models, in the archive's folder)"),
        new("--seconds", "N", $"for everything ({Seconds})"),
        new("--parts", "LIST", "names of parts with commas between them (all)"),
        new("--small", null, "tiny models, a few tests: only to see that everything runs"),
        new("--no-python", "WHY", "leave out what Python with torch says, for this reason"),
        new("--no-peer", "WHY", "leave transformers out, for this reason"),
    ];

    /// <returns>0 when all parts that can run here ended well, transformers aside.</returns>
    public static int Execute(string[] args)
    {
        var line = new CommandLine("gpu: tests and measurements on a machine with a GPU, each part within its own time", Options).Parse(args);
        if (line.WantsHelp)
        {
            Console.WriteLine(line.Help);
            return 0;
        }
        var root = Path.GetFullPath(line.Text("--root") ?? Path.Combine(AppContext.BaseDirectory, ".."));
        var setup = new GpuSetup
        {
            Root = root,
            Dotnet = Environment.ProcessPath!,
            Device = line.Text("--device") ?? "cuda",
            LibTorch = line.Text("--libtorch"),
            Small = line.Has("--small"),
            Out = Path.GetFullPath(line.Text("--out") ?? Path.Combine(root, "results")),
            Work = Path.GetFullPath(line.Text("--work") ?? Path.Combine(root, "models")),
            NoPython = line.Text("--no-python"),
            NoPeer = line.Text("--no-peer"),
        };
        Directory.CreateDirectory(setup.Out);
        Directory.CreateDirectory(setup.Work);
        File.Delete(Path.Combine(setup.Out, "results.jsonl"));
        var parts = Chosen(new GpuParts(setup).All, line.Text("--parts"));
        var results = new PartRunner(setup.Out, line.Number("--seconds", Seconds, 1), Console.WriteLine).Run(parts);
        var table = GpuTable.Of(results);
        File.WriteAllText(Path.Combine(setup.Out, "table.md"), table + Environment.NewLine);
        Console.WriteLine($"{Environment.NewLine}{table}");
        if (setup.Small) Console.WriteLine("small run: the numbers mean nothing");
        return results.Zip(parts).All(r => r.Second.IsOptional || r.First.Status is PartResult.Ok or PartResult.NotHere) ? 0 : 1;
    }

    /// <exception cref="ArgumentException">A name of no part.</exception>
    internal static IReadOnlyList<GpuPart> Chosen(IReadOnlyList<GpuPart> all, string? names)
    {
        if (names is null) return all;
        var wanted = names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in wanted)
            if (!all.Any(part => part.Name == name)) throw new ArgumentException($"Expected parts out of {string.Join(", ", all.Select(part => part.Name))}; got '{name}'.");
        // A part brings the one it needs.
        var chosen = all.Where(part => wanted.Contains(part.Name)).ToArray();
        return [.. all.Where(part => chosen.Contains(part) || chosen.Any(c => c.After == part.Name))];
    }
}
