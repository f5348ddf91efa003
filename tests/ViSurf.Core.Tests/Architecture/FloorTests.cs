using System.Reflection;
using System.Runtime.CompilerServices;
using FluentAssertions;
using ViSurf.Core.Common;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>
/// The house has two wings under one roof: rewards, control and advantages are managed numbers, prompts, scores and losses are tensors,
/// and only Training sees both. A row of <see cref="Floors"/> is the rule for one folder; a new folder needs a row.
/// </summary>
public sealed class FloorTests
{
    private const string Library = "ViSurf.Core/", BuildStep = Library + "buildTransitive/";
    private static readonly string[] ManagedWing = ["Rewards", "RewardControl", "Advantages"];
    private static readonly string[] TensorWing = ["Encoding", "Policies", "Rollouts", "Objectives", "Models"];

    private static readonly Floor[] Floors =
    [
        new("Common", Torch.InSomeFiles),
        // Operators that TorchSharp does not bind.
        new("Common/Aten", Torch.Yes, "Common"),
        new("Data", Torch.No, "Common"),
        // Encoded pictures to pixels: headers, limits, decoders.
        new("Data/Pictures", Torch.No, "Common", "Data"),
        // Files to rows, rows in an order.
        new("Data/Sources", Torch.No, "Common", "Data"),
        // Text to values, values to numbers, formulas to verdicts; the rewards above put them together.
        new("Rewards/Parsing", Torch.No, "Common", "Data"),
        new("Rewards/Measures", Torch.No, "Common", "Data"),
        new("Rewards/Algebra", Torch.No, "Common", "Rewards/Parsing"),
        new("Rewards", Torch.No, "Common", "Data", "Rewards/Parsing", "Rewards/Measures", "Rewards/Algebra"),
        new("RewardControl", Torch.No, "Common", "Data", "Rewards"),
        new("Advantages", Torch.No, "Common", "Data", "Rewards"),
        // Reads answers the way the rewards do.
        new("Evaluation", Torch.No, "Common", "Data", "Rewards", "Rewards/Parsing", "Rewards/Measures"),
        new("Encoding", Torch.Yes, "Common", "Data"),
        new("Policies", Torch.Yes, "Common", "Encoding"),
        // FinishReason is Data's.
        new("Rollouts", Torch.Yes, "Common", "Data", "Encoding", "Policies"),
        // Maths on numbers: neither prompts nor rewards nor text.
        new("Objectives", Torch.Yes, "Common", "Policies"),
        new("Objectives/Demonstrations", Torch.Yes, "Common", "Policies"),
        // Loops over host memory: numbers in, numbers out.
        new("Models/Kernels", Torch.Yes),
        new("Models/Layers", Torch.Yes, "Common", "Common/Aten", "Models/Kernels"),
        new("Models/Weights", Torch.Yes, "Common"),
        // Regular expressions over code points, which know nothing of tokens.
        new("Models/Tokens/Patterns", Torch.No, "Common"),
        new("Models/Tokens", Torch.No, "Common", "Models/Tokens/Patterns"),
        // Jinja, which knows nothing of models.
        new("Models/Templates", Torch.No, "Common"),
        new("Models/Images", Torch.Yes, "Common", "Data", "Data/Pictures", "Encoding"),
        // Towers and decoders of the families; QwenVl above them says which family has which.
        new("Models/QwenVl/Vision", Torch.Yes, "Common", "Encoding", "Models/Layers"),
        new("Models/QwenVl/Text", Torch.Yes, "Common", "Models/Layers"),
        new("Models/QwenVl/Groups", Torch.Yes, "Common", "Common/Aten", "Encoding", "Policies", "Models/Layers", "Models/QwenVl/Vision", "Models/QwenVl/Text"),
        new("Models/QwenVl/Decoding", Torch.Yes, "Common", "Common/Aten", "Encoding", "Policies", "Models/Layers", "Models/Kernels", "Models/QwenVl/Groups", "Models/QwenVl/Text"),
        new("Models/QwenVl", Torch.Yes, "Common", "Data", "Encoding", "Policies", "Models/Images", "Models/Layers", "Models/Kernels",
            "Models/Templates", "Models/Tokens", "Models/Weights", "Models/QwenVl/Vision", "Models/QwenVl/Text", "Models/QwenVl/Groups",
            "Models/QwenVl/Decoding"),
        // Knows layers, not families: what it adapts it finds by module path.
        new("Models/Adapters", Torch.Yes, "Common", "Encoding", "Policies", "Models/Layers", "Models/Weights"),
        // Files, not models: of Models it knows safetensors only.
        new("Training/Checkpoints", Torch.Yes, "Common", "Models/Weights"),
        // The roof; it knows policies by their interface only, so not Models.
        new("Training", Torch.Yes, "Common", "Common/Aten", "Data", "Data/Sources", "Rewards", "RewardControl", "Advantages", "Evaluation", "Encoding",
            "Policies", "Rollouts", "Objectives", "Objectives/Demonstrations", "Training/Checkpoints", "Training/RowChecks"),
        // What a row is looked at for, one thing a file, each of one wing.
        new("Training/RowChecks", Torch.No, "Data", "Data/Pictures", "Rewards", "Encoding"),
        // Managed guests on the roof: they read reports, and no device is asked anything. Training's own names they see as its inner namespaces.
        new("Training/Metrics", Torch.No, "Common", "Data", "Rewards"),
        new("Training/Diagnostics", Torch.No, "Common", "Rewards", "Training/Checkpoints", "Training/Metrics"),
        // Above the roof: reads what a step reports, writes text. What it draws it draws itself.
        new("Reporting/Markup", Torch.No, "Common"),
        new("Reporting/Charts", Torch.No, "Common", "Reporting/Markup"),
        new("Reporting/Gallery", Torch.No, "Common", "Data", "Data/Pictures", "Rewards", "Rewards/Parsing", "Evaluation", "Training",
            "Reporting/Markup", "Reporting/Charts"),
        new("Reporting", Torch.No, "Common", "Training", "Training/Checkpoints", "Reporting/Markup", "Reporting/Charts", "Reporting/Gallery"),
    ];

    // Guards on tensors, and the words for them, are for every floor of the tensor wing, so they stand below it.
    private static readonly string[] TorchInCommon =
    [
        "TensorGuard.cs", "TensorText.cs", "TorchBackend.cs", "TorchLoadFailure.cs", "ScalarOps.cs",
        "Recomputation.cs", "DeviceRandom.cs", "TorchSymbols.cs", "CublasWorkspace.cs", "ClosedForm.cs", "HostHeap.cs",
    ];

    private enum Torch
    {
        No,
        InSomeFiles,
        Yes,
    }

    public static TheoryData<string> Folders => [.. Floors.Select(floor => floor.Folder)];

    private static SourceFile[] Files { get; } = [.. SourceFile.All().Where(f => f.Path.StartsWith(Library, StringComparison.Ordinal) && !f.Path.StartsWith(BuildStep, StringComparison.Ordinal))];

    [Fact]
    public void Every_folder_has_a_row_and_every_row_a_folder()
        => Files.Select(f => f.Folder).Distinct().Should().BeEquivalentTo(Floors.Select(f => f.Folder), "a new folder's place in the house belongs into the table of FloorTests");

    [Fact]
    public void A_folder_is_a_namespace()
        => Files.Where(f => f.Namespace != ("ViSurf.Core/" + f.Folder).Replace('/', '.')).Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_only_what_its_row_allows(string folder)
    {
        var floor = Floors.Single(f => f.Folder == folder);
        var wrong = In(floor).SelectMany(file => file.Uses(Floors.Select(f => f.Folder)).Except(floor.Uses).Select(used => $"{file} uses {used}"));
        wrong.Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_row_allows_nothing_that_its_folder_does_not_need(string folder)
    {
        var floor = Floors.Single(f => f.Folder == folder);
        // The roof may see everything; Data is what the managed wing speaks, whether or not each room names it today.
        if (floor.Folder == "Training") return;
        floor.Uses.Except(["Common", "Data"]).Except(In(floor).SelectMany(file => file.Uses(Floors.Select(f => f.Folder)))).Should().BeEmpty();
    }

    [Fact]
    public void Nothing_below_uses_itself_again()
    {
        // Depth first through the table: meeting a folder on its own path would be a circle.
        void Visit(string folder, string[] path)
        {
            path.Should().NotContain(folder);
            foreach (var used in Floors.Single(f => f.Folder == folder).Uses) Visit(used, [.. path, folder]);
        }

        Visit("Training", []);
        Visit("Models/QwenVl", []);
        Visit("Models/Adapters", []);
        Visit("Training/Diagnostics", []);
        Visit("Reporting", []);
    }

    [Fact]
    public void Only_Training_sees_both_wings()
        => Files.Where(f => Sees(f, ManagedWing) && Sees(f, TensorWing)).Select(f => f.Folder).Distinct().Should().Equal("Training");

    [Fact]
    public void Managed_folders_do_not_know_TorchSharp()
        => Files.Where(f => f.SeesTorch && Floors.Single(x => x.Folder == f.Folder).Torch switch
        {
            Torch.No => true,
            Torch.InSomeFiles => !TorchInCommon.Contains(Path.GetFileName(f.Path)),
            _ => false,
        }).Should().BeEmpty();

    [Fact]
    public void Nothing_awaits_and_nothing_yields_beside_tensors()
    {
        // Dispose scopes and grad mode belong to a thread: after an await they may be another's, and between yields they stay open.
        // One file waits for judges behind HTTP. It is managed, and its caller blocks.
        Files.Where(f => (f.Has("async") || f.Has("await")) && f.Path != Library + "Rewards/JudgeGathering.cs").Should().BeEmpty();
        Files.Where(f => f.SeesTorch && f.Has("yield")).Should().BeEmpty();
    }

    [Fact]
    public void The_testing_package_knows_labels_and_rewards_and_no_tensor()
    {
        var files = SourceFile.All().Where(f => f.Path.StartsWith("ViSurf.Core.Testing/", StringComparison.Ordinal)).ToArray();
        files.Should().HaveCountGreaterThan(5);
        files.Where(f => f.SeesTorch || f.Namespace != Path.GetDirectoryName(f.Path)!.Replace('/', '.').Replace('\\', '.')).Should().BeEmpty();
        files.SelectMany(f => f.Uses(Floors.Select(floor => floor.Folder))).Distinct().Except(["Data", "Rewards"]).Where(used => !used.StartsWith("Testing", StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Fact]
    public void No_static_state_can_change()
    {
        var fields = typeof(Guard).Assembly.GetTypes()
            .Where(t => t.Namespace?.StartsWith("ViSurf", StringComparison.Ordinal) == true && !t.IsDefined(typeof(CompilerGeneratedAttribute)))
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(f => !f.IsLiteral && !f.Name.StartsWith("<>", StringComparison.Ordinal)).ToArray();
        fields.Where(f => !f.IsInitOnly).Should().BeEmpty();
        fields.Where(f => typeof(IDisposable).IsAssignableFrom(f.FieldType)).Should().BeEmpty("a tensor kept by a type is never freed");
        string[] growing = ["List`1", "Dictionary`2", "HashSet`1", "ConcurrentDictionary`2", "Random", "ThreadLocal`1", "ConditionalWeakTable`2"];
        fields.Where(f => growing.Contains(f.FieldType.Name)).Should().BeEmpty("frozen and immutable collections do not change");
    }

    [Fact]
    public void The_library_never_writes_to_the_console() => SourceFile.All().Where(f => f.Has("Console")).Should().BeEmpty("a library's caller decides where words go");

    [Fact]
    public void No_file_is_longer_than_300_lines() => SourceFile.All().Where(f => f.Lines > 300).Should().BeEmpty();

    private static bool Sees(SourceFile file, string[] wing)
        => file.Uses(Floors.Select(f => f.Folder)).Append(file.Folder).Any(folder => wing.Contains(folder.Split('/')[0]));

    private static IEnumerable<SourceFile> In(Floor floor) => Files.Where(f => f.Folder == floor.Folder);

    private sealed record Floor(string Folder, Torch Torch, params string[] Uses);
}
