using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class TrainingRunTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void Steps_evaluations_and_checkpoints_come_in_their_order()
    {
        using var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 5, SaveEvery = 2, EvaluateEvery = 3 }, store);
        var outcome = run.Run.Run();
        run.Log.Should().Equal("evaluated 0", "step 0", "step 1", "saved 2", "step 2", "evaluated 3", "step 3", "saved 4", "step 4", "evaluated 5", "saved 5");
        outcome.Should().BeEquivalentTo(new { Steps = 5L, Cancelled = false });
        outcome.Last!.Step.Should().Be(5);
        outcome.Last.Metrics.Should().Equal(new Dictionary<string, double> { ["score"] = 5 });
    }

    [Fact]
    public void Without_a_checkpoint_there_is_nothing_to_resume()
    {
        using var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 1 }, store);
        run.Run.Resume().Should().BeNull();
        run.Run.Run().Last!.Step.Should().Be(1);
        new TrainingRunOptions { Steps = 1 }.SaveEvery.Should().Be(0);
    }

    [Theory]
    [InlineData(true, new[] { 1.0, 3, 2, 5, 4 }, new long[] { 3, 4 })]     // after 0, 1, 2, 3, 4 steps: the best is after 3; the last is kept anyway
    [InlineData(false, new[] { 9.0, 3, 2, 5, 4 }, new long[] { 2, 4 })]    // lower is better: after 2
    [InlineData(true, new[] { 0.0, 7, 7, 7, 7 }, new long[] { 1, 4 })]     // of equals the first
    [InlineData(true, new[] { 0.0, double.NaN, 1, double.NaN, 0 }, new long[] { 2, 4 })]
    public void The_best_checkpoint_is_saved_when_it_is_measured_and_stays(bool higher, double[] scores, long[] kept)
    {
        using var store = Store(new CheckpointOptions { KeepLast = 1, Best = new BestBy("score", higher) });
        using var run = new Toys(new TrainingRunOptions { Steps = 4, EvaluateEvery = 1 }, store, score: step => scores[step]);
        var outcome = run.Run.Run();
        store.List().Select(c => c.Step).Should().Equal(kept);
        outcome.Best!.Step.Should().Be(kept[0]);
    }

    /// <summary>Several micro-batches an update: cancelled in the n-th call of the objective, the run saves, and new objects go on.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_that_is_cancelled_in_any_micro_batch_goes_on_exactly(int updates)
    {
        using var whole = new Toys(new TrainingRunOptions { Steps = 2 }, updates: updates);
        whole.Run.Run();
        whole.Calls.Should().BeGreaterThan(2 * updates);
        for (var call = 1; call <= whole.Calls; call += updates == 1 ? 1 : 3)
        {
            using var folder = new TemporaryDirectory();
            using var store = CheckpointStore.Open(folder.Path);
            using var cancel = new CancellationTokenSource();
            using var stopped = new Toys(new TrainingRunOptions { Steps = 2 }, store, updates: updates, cancel: (cancel, call));
            var outcome = stopped.Run.Run(cancel.Token);
            // With two updates, a step that has made the first makes the second too.
            if (updates == 1) stopped.Calls.Should().Be(call, "one call more would be another micro-batch");
            stopped.Optimizer.Updates.Should().Be(outcome.Steps * updates, "an update is whole, and a step has all of its own");

            using var resumed = new Toys(new TrainingRunOptions { Steps = 2 }, store, updates: updates);
            (resumed.Run.Resume()?.Step).Should().Be(outcome.Last?.Step);
            resumed.Run.Run();
            Toy.Weights(resumed.Policy).Should().Equal(Toy.Weights(whole.Policy));
            stopped.Reports.Concat(resumed.Reports).Should().Equal(whole.Reports);
            // And the same objects, which never left memory.
            stopped.Run.Run();
            Toy.Weights(stopped.Policy).Should().Equal(Toy.Weights(whole.Policy));
        }
    }

    [Fact]
    public void An_evaluation_that_is_cancelled_is_made_when_the_run_goes_on()
    {
        using var store = Store();
        using var cancel = new CancellationTokenSource();
        using var stopped = new Toys(new TrainingRunOptions { Steps = 4, EvaluateEvery = 2 }, store, score: step =>
        {
            if (step == 2) cancel.Cancel();
            cancel.Token.ThrowIfCancellationRequested();
            return step;
        });
        stopped.Run.Run(cancel.Token).Should().BeEquivalentTo(new { Steps = 2L, Cancelled = true });
        stopped.Log.Should().Equal("evaluated 0", "step 0", "step 1", "saved 2");
        store.Latest()!.Metrics.Should().BeEmpty();
        using var resumed = new Toys(new TrainingRunOptions { Steps = 4, EvaluateEvery = 2 }, store);
        resumed.Run.Resume();
        resumed.Run.Run();
        resumed.Log.Should().Equal("evaluated 2", "step 2", "step 3", "evaluated 4", "saved 4");
    }

    /// <summary>Cancelled in the evaluation after a step, the run has saved that step without its measures; going on, it measures them.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void The_best_checkpoint_is_kept_also_when_its_evaluation_was_cancelled_first(int best)
    {
        var options = new TrainingRunOptions { Steps = 4, EvaluateEvery = 2 };
        using var store = Store(new CheckpointOptions { KeepLast = 1, Best = new BestBy("score") });
        using var cancel = new CancellationTokenSource();
        using var stopped = new Toys(options, store, score: step =>
        {
            if (step == best) cancel.Cancel();
            cancel.Token.ThrowIfCancellationRequested();
            return 0;
        });
        stopped.Run.Run(cancel.Token).Last!.Metrics.Should().BeEmpty();
        using var resumed = new Toys(options, store, score: step => step == best ? 1 : 0);
        resumed.Run.Resume()!.Step.Should().Be(best);
        var outcome = resumed.Run.Run();
        outcome.Best!.Step.Should().Be(best);
        outcome.Best.Metrics["score"].Should().Be(1);
        outcome.Last!.Metrics.Should().ContainKey("score");
        using var again = new Toys(options, store);
        again.Run.Resume();
        again.Run.Run();
        again.Log.Should().NotContain(line => line.StartsWith("saved", StringComparison.Ordinal), "what is saved with its measures is not saved again");
    }

    [Fact]
    public void What_a_callback_throws_ends_the_run_and_the_checkpoints_stand()
    {
        using var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 4, SaveEvery = 1 }, store, score: step => step == 4 ? throw new InvalidOperationException("no disk for plots") : 0);
        run.Run.Invoking(r => r.Run()).Should().Throw<InvalidOperationException>().WithMessage("no disk for plots");
        store.List().Select(c => c.Step).Should().Equal(2, 3);
    }

    [Fact]
    public void Without_the_moments_it_would_go_elsewhere()
    {
        using var store = Store();
        using var whole = new Toys(new TrainingRunOptions { Steps = 3, SaveEvery = 1 }, store);
        whole.Run.Run();
        var checkpoint = store.List().First(c => c.Step == 2);
        using var forgetful = new Toys(new TrainingRunOptions { Steps = 3 }, store);
        forgetful.Run.Resume(checkpoint);
        foreach (var slot in forgetful.Optimizer.Slots) slot.Prepare(0);
        forgetful.Run.Run();
        Toy.Weights(forgetful.Policy).Should().NotEqual(Toy.Weights(whole.Policy), "or the tests of resuming would see nothing");
    }

    [Fact]
    public void Other_options_are_refused_by_name_and_may_be_allowed_by_name()
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 1 }, store)) run.Run.Run();
        using var other = new Toys(new TrainingRunOptions { Steps = 2, Settings = new Dictionary<string, string> { ["data"] = "b" } }, store, seed: 8, rate: 0.5);
        FluentActions.Invoking(() => other.Run.Resume()).Should().Throw<InvalidDataException>().WithMessage(
            "*step-00000001' was made with other options (3 differ):\n  adamw.learning_rate: '0: 0.01, *' in the checkpoint, '0: 0.5, *' now\n  data: 'a' in the checkpoint, 'b' now\n  seed: '7' in the checkpoint, '8' now\n*MayDiffer*");
        other.Optimizer.Updates.Should().Be(0, "nothing was loaded");
        var said = new List<string>();
        using var allowed = new Toys(new TrainingRunOptions { Steps = 2, MayDiffer = ["adamw.learning_rate"], Say = said.Add }, store, rate: 0.5);
        allowed.Run.Resume()!.Step.Should().Be(1);
        said.Should().ContainSingle("what may differ and does is not passed over in silence")
            .Which.Should().Match("adamw.learning_rate: '0: 0.01, *' in the checkpoint, '0: 0.5, *' from now on");
        allowed.Optimizer.Updates.Should().Be(1);
        using var memory = new Toys(new TrainingRunOptions { Steps = 2 }, store, rows: 2);
        memory.Run.Resume()!.Step.Should().Be(1, "the cut into micro-batches has no meaning");
    }

    [Fact]
    public void Another_model_is_refused_with_what_differs()
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 1 }, store)) run.Run.Run();
        using var wide = new Toys(new TrainingRunOptions { Steps = 1 }, store, policy: new ModulePolicy(new TinyModule(1, width: 8)));
        FluentActions.Invoking(() => wide.Run.Resume()).Should().Throw<InvalidDataException>()
            .WithMessage("*is of another model*'embedding.weight': Float32 [128, 16] in the checkpoint, Float32 [128, 8] here*");
        var frozen = TinyText.Policy(1);
        frozen.Module.parameters().First().requires_grad = false;
        using var part = new Toys(new TrainingRunOptions { Steps = 1 }, store, policy: frozen);
        FluentActions.Invoking(() => part.Run.Resume()).Should().Throw<InvalidDataException>().WithMessage("*in the checkpoint, not trained here*same parameters frozen*");
    }

    [Fact]
    public void Other_parts_are_refused_by_name()
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 1 }, store)) run.Run.Run();
        using var other = new Toys(new TrainingRunOptions { Steps = 1 }, store, part: "kl");
        FluentActions.Invoking(() => other.Run.Resume()).Should().Throw<InvalidDataException>()
            .WithMessage("*other parts: 'groups' is in the checkpoint and not in this run; 'kl' is in this run and not in the checkpoint*");
        other.Optimizer.Updates.Should().Be(0);
        Toy.Weights(other.Policy).Should().Equal(Toy.Weights(TinyText.Policy(1)), "nothing was loaded");
    }

    [Fact]
    public void A_truncated_file_is_named_and_the_checkpoint_before_it_is_one_removal_away()
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store)) run.Run.Run();
        var newest = store.Latest()!;
        var file = Path.Combine(newest.Directory, "optimizer.safetensors");
        using (var stream = File.OpenWrite(file)) stream.SetLength(stream.Length / 2);
        using var resumed = new Toys(new TrainingRunOptions { Steps = 2 }, store);
        FluentActions.Invoking(() => resumed.Run.Resume()).Should().Throw<InvalidDataException>()
            .WithMessage("*step-00000002' is damaged: 'optimizer.safetensors' has * of * bytes. Remove its directory to go on from the one before it.");
        Directory.Delete(newest.Directory, recursive: true);
        resumed.Run.Resume()!.Step.Should().Be(1);
    }

    [Fact]
    public void A_run_leaves_no_tensor_behind()
    {
        using var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store);
        run.Run.Run();
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        run.Run.Resume();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, "moments are replaced by moments");
    }

    public void Dispose() => _folder.Dispose();

    private CheckpointStore Store(CheckpointOptions? options = null) => CheckpointStore.Open(_folder.File("run"), options);
}
