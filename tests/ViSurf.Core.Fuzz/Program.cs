using System.Globalization;
using Samples.Shared;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Fuzz;
using ViSurf.Core.Fuzz.Running;
using ViSurf.Core.Tests.Support;

// The victim of the kills is this program, too.
if (args is ["train", var folder]) return TrainLoop.Run(folder);

var line = new CommandLine("fuzz: hostile input for every surface of ViSurf.Core; ends with 1 when anything fails",
    new Option("--seconds", "N", "how long, for all surfaces together (120)"),
    new Option("--seed", "N", "of all inputs (fresh, and printed)"),
    new Option("--surface", "NAME", $"one of {string.Join(", ", SurfaceList.All.Select(s => s.Name))} (all)"),
    new Option("--keep", "DIR", "folder for inputs that failed"),
    new Option("--workers", "N", "child processes at once (as many as processors)"),
    new Option("--index", "N", "with --surface: this input alone, in this process"),
    new Option("--worker", "NAME", "used by the program for its children"),
    new Option("--count", "N", "used by the program for its children"));
try
{
    if (line.Parse(args).WantsHelp)
    {
        Console.WriteLine(line.Help);
        return 0;
    }
    // Files hold such a seed, and it is never negative.
    var seed = (long)line.Number("--seed", Random.Shared.Next(), 0);
    if (line.Text("--worker") is { } worker)
        return Worker.Run(SurfaceList.Named(worker), seed, line.Number("--index", 0, 0), line.Number("--count", int.MaxValue, 1),
            line.Number("--seconds", 60, 1), line.Text("--keep"));
    if (line.Text("--index") is not null)
        return Worker.Run(SurfaceList.Named(line.Text("--surface")
            ?? throw new ArgumentException("Expected --surface beside --index, got none.")),
            seed, line.Number("--index", 0, 0), 1, double.MaxValue, line.Text("--keep"));
    var kinds = line.Text("--surface") is { } name ? [SurfaceList.Named(name)] : SurfaceList.All;
    return Report(seed, new Runner(seed, Console.WriteLine), kinds, line);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

static int Report(long seed, Runner runner, IReadOnlyList<SurfaceKind> kinds, CommandLine line)
{
    Console.WriteLine(FormattableString.Invariant($"seed {seed}"));
    var keep = line.Text("--keep") is { } path ? Path.GetFullPath(path) : null;
    var tallies = runner.Run(kinds, line.Number("--seconds", 120, 1), line.Number("--workers", Environment.ProcessorCount, 1), keep);
    var table = new Table("surface", "inputs", "refusals", "failures", "seconds");
    foreach (var tally in tallies) table.Add(tally.Surface, tally.Tried, tally.Refused, tally.Failures.Count, tally.Seconds);
    table.Add("all", tallies.Sum(t => t.Tried), tallies.Sum(t => t.Refused), tallies.Sum(t => t.Failures.Count),
        tallies.Sum(t => t.Seconds));
    Console.WriteLine(table);
    foreach (var kind in kinds.Where(kind => kind.Open is not null)) Console.WriteLine($"open: {kind.Name}: {kind.Open}");
    foreach (var failure in tallies.SelectMany(t => t.Failures.DistinctBy(f => f.Gist)))
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"again: --surface {failure.Surface} --seed {seed} --index "
            + $"{failure.Index}"));
    JsonLine.Print(new
    {
        command = "fuzz",
        seed,
        inputs = tallies.Sum(t => t.Tried),
        refusals = tallies.Sum(t => t.Refused),
        failures = tallies.Sum(t => t.Failures.Count),
        surfaces = tallies.ToDictionary(t => t.Surface,
            t => new { inputs = t.Tried, refusals = t.Refused, failures = t.Failures.Count, seconds = t.Seconds }),
        failed = tallies.SelectMany(t => t.Failures.DistinctBy(f => f.Gist))
            .Select(f => new { surface = f.Surface, index = f.Index, kind = f.Kind, message = f.Message.Split('\n')[0] }),
    });
    return tallies.Any(t => t.Failures.Count > 0 && SurfaceList.Named(t.Surface).Open is null) ? 1 : 0;
}
