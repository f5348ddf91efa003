using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Tests.Training;

/// <summary>ViSurf on text, with a group policy that has state: it leaves the first group out in every second step.</summary>
internal sealed class Toys : IDisposable
{
    private readonly (CancellationTokenSource Source, int Call)? _cancel;
    private long _seen;

    public Toys(TrainingRunOptions options, CheckpointStore? store = null, int updates = 1, long seed = 7, double rate = 0.01, int rows = 8,
        IPolicy? policy = null, string part = "groups", Func<long, double>? score = null,
            (CancellationTokenSource Source, int Call)? cancel = null)
    {
        _cancel = cancel;
        Policy = policy ?? TinyText.Policy(1);
        Optimizer = Toy.Optimizer(Policy, rate);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, Policy, Toy.Sampler, Toy.SmallLetters, Optimizer);
        parts = parts with
        {
            Objective = new ProbedObjective(parts.Objective, (_, _) => Count()),
            Groups = new EveryOther(this),
            State = [CheckpointPart.Of(part, () => _seen, seen => _seen = (long)seen!)],
        };
        Run = new TrainingRun(
            new Trainer(parts, Toy.Options with { UpdatesPerRollout = updates, Seed = seed, MicroBatchRows = rows, PromptsPerStep = 3 }),
            new ListStream(Toy.Questions), options with
            {
                Settings = options.Settings.Count > 0 ? options.Settings : new Dictionary<string, string> { ["data"] = "a" },
                Evaluate = (step, _) => new Dictionary<string, double> { ["score"] = score?.Invoke(step) ?? step },
                AfterStep = report =>
                {
                    Log.Add($"step {report.Step}");
                    Reports.Add(ReportText.Of(report));
                },
                AfterEvaluation = (step, _) => Log.Add($"evaluated {step}"),
                AfterSave = checkpoint => Log.Add($"saved {checkpoint.Step}"),
            }, store);
    }

    public TrainingRun Run { get; }

    public IPolicy Policy { get; }

    public AdamWOptimizer Optimizer { get; }

    /// <summary>Calls of the objective: micro-batches.</summary>
    public int Calls { get; private set; }

    public List<string> Log { get; } = [];

    public List<string> Reports { get; } = [];

    public void Dispose() => Optimizer.Dispose();

    private double Count()
    {
        if (++Calls == _cancel?.Call) _cancel.Value.Source.Cancel();
        return 1;
    }

    private sealed class EveryOther(Toys run) : IGroupPolicy
    {
        public GroupSelection Select(IReadOnlyList<ScoredGroup> groups)
            => run._seen++ % 2 == 0
                ? new GroupSelection(groups, [])
                : new GroupSelection(
                    [groups[0] with { Group = groups[0].Group with { Completions = [] }, Scores = [] }, .. groups.Skip(1)],
                    [new SkippedGroup(groups[0].Group.Example.Id, "its turn")]);
    }
}
