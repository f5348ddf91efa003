using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>
/// What a run saves beside its weights, behind whatever it stands, and what it says of a checkpoint or a folder that somebody has damaged.
/// </summary>
public sealed class RunStateTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void State_that_nothing_saves_is_refused_wherever_it_stands()
    {
        var (policy, average) = (TinyText.Policy(1), TinyText.Policy(2));
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        using var store = Store();
        Run(parts with { Groups = new ReplayBuffer() }).Should().Throw<ArgumentException>()
            .WithMessage("*TrainerParts.State*ReplayBuffer*");
        Run(parts with { Groups = GroupPolicy.Chain(GroupPolicy.SkipUniform, GroupPolicy.Chain(new ReplayBuffer())) })
            .Should().Throw<ArgumentException>().WithMessage("*TrainerParts.State*ReplayBuffer*");
        var moving = new MovingAveragePolicy(average, policy);
        Run(parts with { RewardKl = new RewardKl(new FrozenPolicy(moving), _ => 0.1) }).Should().Throw<ArgumentException>()
            .WithMessage("*TrainerParts.State*moving average*RewardKl*");
        Run(parts with { RewardKl = new RewardKl(moving, _ => 0.1), Reference = moving, SkipNeutralGroups = false,
            Objective = new KlPenalty(parts.Objective, 0.1) })
            .Should().NotThrow("as the reference it is saved");

        Action Run(TrainerParts parts) => () => _ = new TrainingRun(new Trainer(parts, Toy.Options), new ListStream(Toy.Questions),
            new TrainingRunOptions { Steps = 1 }, store);
    }

    [Fact]
    public void A_moving_average_behind_other_policies_is_saved_and_goes_back_to_where_it_was()
    {
        using var store = Store();
        var (policy, average) = (TinyText.Policy(1), TinyText.Policy(1));
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var moving = new MovingAveragePolicy(average, policy);
        var parts = TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer) with
        {
            Objective = new KlPenalty(new ClippedPolicyObjective(), 0.1),
            Reference = new FrozenPolicy(new FrozenPolicy(moving)),
            SkipNeutralGroups = false,
            AfterStep = [moving.Follow(rate: 0.5, every: 1)],
        };
        var run = new TrainingRun(new Trainer(parts, Toy.Options with { PromptsPerStep = 2 }), new ListStream(Toy.Questions),
            new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store);
        run.Run();
        var saved = Toy.Weights(average);
        moving.Update(1);
        Toy.Weights(average).Should().NotEqual(saved);
        run.Resume();
        Toy.Weights(average).Should().Equal(saved);
    }

    [Theory]
    [InlineData(null, "'checkpoint.json' is missing")]
    [InlineData(0, "'checkpoint.json' is empty")]
    [InlineData(100, "'checkpoint.json' is cut off or changed")]
    public void A_damaged_mark_is_said_with_its_directory_and_not_passed_over(int? bytes, string problem)
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store)) run.Run.Run();
        var newest = store.Latest()!.Directory;
        var mark = Path.Combine(newest, "checkpoint.json");
        if (bytes is { } length) using (var stream = File.OpenWrite(mark)) stream.SetLength(length);
        else File.Delete(mark);

        using var resumed = new Toys(new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store);
        FluentActions.Invoking(() => resumed.Run.Resume()).Should().Throw<InvalidDataException>()
            .WithMessage($"The checkpoint '{newest}' is damaged: {problem}. "
                + $"Remove or rename its directory to go on from the one before it*");
        CheckpointStore.ScanDamaged(store.Directory).Should().ContainSingle().Which.Directory.Should().Be(newest);
        Directory.Move(newest, newest + "-broken");
        resumed.Run.Resume()!.Step.Should().Be(1);
        resumed.Run.Run();
        store.Latest()!.Directory.Should().Be(newest, "its place is free, so no second one stands beside it");
    }

    [Fact]
    public void A_checkpoint_chosen_by_hand_is_gone_on_from_and_the_damaged_one_beside_it_is_said()
    {
        using var store = Store();
        using (var run = new Toys(new TrainingRunOptions { Steps = 2, SaveEvery = 1 }, store)) run.Run.Run();
        var first = store.List()[0];
        File.WriteAllText(Path.Combine(store.Latest()!.Directory, "checkpoint.json"), "{}");
        var said = new List<string>();
        using var resumed = new Toys(new TrainingRunOptions { Steps = 2, Say = said.Add }, store);
        resumed.Run.Resume(first)!.Step.Should().Be(1);
        said.Should().ContainSingle(text => text.Contains("step-00000002' is damaged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_that_went_away_during_the_run_is_not_made_anew()
    {
        using var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 1 }, store);
        var elsewhere = store.Directory + "-renamed";
        Directory.Move(store.Directory, elsewhere);
        FluentActions.Invoking(() => run.Run.Run()).Should().Throw<IOException>().WithMessage("*step 1 could not be written*the "
            + "folder has gone*");
        Directory.Exists(store.Directory).Should().BeFalse();
        Directory.Delete(elsewhere, recursive: true);
        Directory.CreateDirectory(store.Directory);
    }

    [Fact]
    public void A_store_that_was_disposed_says_so()
    {
        var store = Store();
        using var run = new Toys(new TrainingRunOptions { Steps = 1 }, store);
        store.Dispose();
        FluentActions.Invoking(() => run.Run.Run()).Should().Throw<ObjectDisposedException>().WithMessage("*CheckpointStore*");
    }

    public void Dispose() => _folder.Dispose();

    private CheckpointStore Store() => CheckpointStore.Open(_folder.File("run"));
}
