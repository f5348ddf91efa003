using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training.Checkpoints;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Linear _layer = nn.Linear(3, 2);
    private string _note = "first";

    private string Place => _folder.File("run");

    [Fact]
    public void A_checkpoint_restores_weights_values_and_tensors()
    {
        using var store = CheckpointStore.Open(Place);
        using var moment = tensor(new[] { 1.5f, -2 });
        var parts = Parts(moment);
        var saved = store.Save(Content(7, parts) with { Metrics = new Dictionary<string, double> { ["gIoU"] = 0.5, ["loss"] = double.PositiveInfinity } });
        var weights = _layer.weight!.Values();
        using (no_grad())
        {
            _layer.weight!.zero_();
            moment.zero_();
        }
        _note = "second";

        var found = CheckpointStore.Scan(Place).Should().ContainSingle().Subject;
        found.Verify();
        found.Restore(CheckpointWeights.Of(_layer), parts);
        _layer.weight!.Values().Should().Equal(weights);
        moment.Values().Should().Equal(1.5, -2);
        _note.Should().Be("first");
        found.Should().BeEquivalentTo(new { saved.Directory, Step = 7L, Order = 1L });
        found.Metrics.Should().Equal(new Dictionary<string, double> { ["gIoU"] = 0.5, ["loss"] = double.PositiveInfinity });
        found.Versions.Keys.Should().Equal(".NET", "TorchSharp", "ViSurf.Core", "libtorch");
        found.Files.Select(f => f.Path).Should().BeEquivalentTo("state.json", "average.safetensors", "weights/model.safetensors");
        Directory.GetDirectories(Place).Should().Equal(Path.Combine(Place, "step-00000007"));
    }

    [Fact]
    public void Half_a_directory_is_no_checkpoint()
    {
        using (var store = CheckpointStore.Open(Place))
        {
            store.Save(Content(1));
            var whole = Path.Combine(Place, "step-00000001");
            Copy(whole, "step-00000002");
            File.Delete(Path.Combine(Place, "step-00000002", "checkpoint.json"));
            Copy(whole, "step-00000003.visurf-partial");
            Copy(whole, "step-00000004.visurf-deleted");
            Copy(whole, "step-00000005");
            var mark = Path.Combine(Place, "step-00000005", "checkpoint.json");
            File.WriteAllText(mark, File.ReadAllText(mark)[..100]);
            Directory.CreateDirectory(Path.Combine(Place, "step-00000006"));
            Directory.CreateDirectory(Path.Combine(Place, "notes"));
            store.List().Select(c => c.Step).Should().Equal(1);
        }
        using var next = CheckpointStore.Open(Place);
        Directory.GetDirectories(Place).Select(path => Path.GetFileName(path)).Should().BeEquivalentTo(
            new[] { "step-00000001", "step-00000002", "step-00000005", "step-00000006", "notes" }, "only names of our own for what is half are cleared");

        void Copy(string from, string to)
        {
            var target = Directory.CreateDirectory(Path.Combine(Place, to)).FullName;
            foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    [Theory]
    [InlineData("weights/model.safetensors", "cut", "*'weights/model.safetensors' has * of * bytes*")]
    [InlineData("state.json", "change", "*'state.json' holds other bytes than were written*")]
    [InlineData("average.safetensors", "delete", "*'average.safetensors' is missing*")]
    public void A_damaged_file_is_named(string file, string how, string message)
    {
        using var store = CheckpointStore.Open(Place);
        using var moment = zeros(4);
        var checkpoint = store.Save(Content(1, Parts(moment)));
        var path = Path.Combine(checkpoint.Directory, file);
        var bytes = File.ReadAllBytes(path);
        if (how == "delete") File.Delete(path);
        else File.WriteAllBytes(path, how == "cut" ? bytes[..^1] : [(byte)(bytes[0] ^ 1), .. bytes[1..]]);
        FluentActions.Invoking(checkpoint.Verify).Should().Throw<InvalidDataException>().WithMessage("*step-00000001' is damaged: " + message[1..]);
    }

    [Fact]
    public void A_full_disk_is_one_error_and_earlier_checkpoints_stay()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var store = CheckpointStore.Open(Place);
        store.Save(Content(1));
        // /dev/full is a disk without room: every write to it fails as on a real one.
        var full = new CheckpointWeights(
            directory =>
            {
                Directory.CreateDirectory(directory);
                File.WriteAllText(Path.Combine(directory, "config.json"), "{}");
                using var stream = File.OpenWrite("/dev/full");
                stream.Write(new byte[8192]);
            }, _ => { });
        var save = () => store.Save(Content(2) with { Weights = full });
        save.Should().Throw<IOException>().WithMessage("The checkpoint of step 2 could not be written to*No space left on device*MiB are free*newest complete checkpoint is '*step-00000001'*");
        Directory.GetDirectories(Place).Should().Equal(Path.Combine(Place, "step-00000001"));
        store.Latest()!.Verify();
        store.Save(Content(2)).Step.Should().Be(2, "room was made");
    }

    [Fact]
    public void A_read_only_directory_is_one_error()
    {
        if (!OperatingSystem.IsLinux()) return;
        const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(Place, Readable);
        File.SetUnixFileMode(_folder.Path, Readable | UnixFileMode.UserWrite);
        var open = () =>
        {
            using var nobody = new Unprivileged();
            CheckpointStore.Open(Place).Dispose();
        };
        open.Should().Throw<IOException>().WithMessage("Expected a directory to save checkpoints in, but '*run' cannot be written to*denied*permissions*");

        File.SetUnixFileMode(Place, Readable | UnixFileMode.UserWrite);
        using var store = CheckpointStore.Open(Place);
        File.SetUnixFileMode(Place, Readable);
        var save = () =>
        {
            using var nobody = new Unprivileged();
            store.Save(Content(3));
        };
        save.Should().Throw<IOException>().WithMessage("The checkpoint of step 3 could not be written to*denied. * MiB are free there. There is no earlier checkpoint. *");
        File.SetUnixFileMode(Place, Readable | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Two_runs_do_not_share_a_directory()
    {
        using (CheckpointStore.Open(Place))
            FluentActions.Invoking(() => CheckpointStore.Open(Place)).Should().Throw<IOException>().WithMessage("*only run that saves to*held by another*");
        CheckpointStore.Open(Place).Dispose();
    }

    [Fact]
    public void The_last_stay_and_the_best_stay()
    {
        using var store = CheckpointStore.Open(Place, new CheckpointOptions { KeepLast = 2, Best = new BestBy("score"), KeepBest = 2 });
        double[] scores = [5, 1, 9, 2, 3, 4];
        for (var i = 0; i < scores.Length; i++)
        {
            store.IsBest(Score(scores[i])).Should().Be(i is 0 or 2, "5, then 9");
            store.Save(Content(i + 1) with { Metrics = Score(scores[i]) });
        }
        // Of 5, 1, 9, 2, 3, 4 the last two are 3 and 4, the best two 9 and 5.
        store.List().Select(c => c.Step).Should().Equal(1, 3, 5, 6);
        store.Best()!.Step.Should().Be(3);
        store.Save(Content(7));
        store.List().Select(c => c.Step).Should().Equal(new long[] { 1, 3, 6, 7 }, "one that was not measured is not the best");

        static Dictionary<string, double> Score(double value) => new() { ["score"] = value };
    }

    [Fact]
    public void A_step_that_is_there_already_is_kept_and_the_new_one_is_the_latest()
    {
        using var store = CheckpointStore.Open(Place, new CheckpointOptions { KeepLast = 5 });
        store.Save(Content(2));
        store.Save(Content(4));
        // Resumed from step 2 and saved at another step 4, then at 3 of a third course.
        store.Save(Content(4)).Directory.Should().EndWith("step-00000004-2");
        store.Save(Content(3));
        store.List().Select(c => (c.Step, c.Order)).Should().Equal((2, 1), (4, 2), (4, 3), (3, 4));
        store.Latest()!.Step.Should().Be(3, "the last one written");
    }

    [Fact]
    public void State_of_other_tensors_is_refused_with_what_differs()
    {
        using var store = CheckpointStore.Open(Place);
        using var saved = zeros(4);
        using var other = zeros(5, ScalarType.BFloat16);
        var checkpoint = store.Save(Content(1, Parts(saved)));
        FluentActions.Invoking(() => checkpoint.Restore(CheckpointWeights.Of(_layer), Parts(other))).Should().Throw<InvalidDataException>()
            .WithMessage("*state of 'average'*'mean' is Float32 [4], expected BFloat16 [5]*");
        using var wide = nn.Linear(4, 2);
        FluentActions.Invoking(() => checkpoint.Restore(CheckpointWeights.Of(wide), Parts(saved))).Should().Throw<InvalidDataException>()
            .WithMessage("*'weight' is Float32 [2, 3], expected Float32 [2, 4]*");
    }

    [Fact]
    public void Keys_are_names_of_files_and_unique()
    {
        using var store = CheckpointStore.Open(Place);
        FluentActions.Invoking(() => CheckpointPart.Of("../kl", () => 1, _ => { })).Should().Throw<ArgumentException>().WithMessage("*'../kl'*");
        var twice = CheckpointPart.Of("kl", () => 1, _ => { });
        FluentActions.Invoking(() => store.Save(Content(1, [twice, twice]))).Should().Throw<ArgumentException>().WithMessage("*'kl' twice*");
        Directory.GetDirectories(Place).Should().BeEmpty("what failed leaves nothing");
    }

    [Fact]
    public void A_checkpoint_of_a_later_format_says_so()
    {
        using var store = CheckpointStore.Open(Place);
        var mark = Path.Combine(store.Save(Content(1)).Directory, "checkpoint.json");
        File.WriteAllText(mark, File.ReadAllText(mark).Replace("checkpoint 1", "checkpoint 2", StringComparison.Ordinal));
        FluentActions.Invoking(() => store.Latest()).Should().Throw<InvalidDataException>().WithMessage("*'ViSurf.Core checkpoint 1', got 'ViSurf.Core checkpoint 2'*");
    }

    public void Dispose()
    {
        _layer.Dispose();
        _folder.Dispose();
    }

    private CheckpointContent Content(long step, IReadOnlyList<CheckpointPart>? parts = null)
        => new() { Step = step, Weights = CheckpointWeights.Of(_layer), Model = ModelShape.Of(_layer), Parts = parts ?? [] };

    private IReadOnlyList<CheckpointPart> Parts(Tensor moment) =>
    [
        CheckpointPart.Of("note", () => JsonValue.Create(_note), note => _note = (string)note!),
        CheckpointPart.OfTensors("average", () => [("mean", moment)]),
    ];
}
