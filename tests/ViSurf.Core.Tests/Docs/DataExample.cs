using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Docs;

/// <summary>The example of docs/data.md, compiled and run as it stands there.</summary>
public sealed class DataExample
{
    [Fact]
    public void The_example_trains_on_a_mix_and_saves_where_it_stands()
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("words.jsonl"), """{"id": 1, "images": [], "query": "two and two?", "answer": 4}""");
        var model = Fixtures.PathOf("qwen2_5_vl");
        using var policy = QwenVlPolicy.Load(model, TestDevice.Value);
        using var optimizer = new AdamWOptimizer(policy.Module);
        var encoder = QwenPromptEncoder.Load(model);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        Example(encoder, policy, sampler, VisionReasonerRewards.Suite().With(new ExactAnswerReward()), optimizer,
            Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", "visurf.parquet"), folder.File("words.jsonl"), folder.File("state.json"),
            new TrainerOptions { PromptsPerStep = 2, GroupSize = 2, MaxNewTokens = 4 }, steps: 2);
        File.ReadAllText(folder.File("state.json")).Should().Contain("\"drawn\":4");
    }

    [Fact]
    public void Rows_of_others_are_read_with_the_options_that_the_page_shows()
    {
        using var folder = new TemporaryDirectory();
        var (pictures, rows) = (folder.File("pictures"), Path.Combine(folder.File("rows"), "rows.jsonl"));
        Directory.CreateDirectory(pictures);
        Directory.CreateDirectory(Path.GetDirectoryName(rows)!);
        File.WriteAllBytes(Path.Combine(pictures, "a.png"), Pictures.Plain(112, 56));
        const string row = """{"image": "../pictures/a.png", "query": "the <image> mark", "solution": [{"bbox_2d": [100, 200, 500, 600], "point_2d": [300, 400]}]}""";
        File.WriteAllLines(rows, [row, row]);
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
        var read = Published(encoder, rows, pictures, Fixtures.PathOf("qwen2_5_vl"));
        read.Select(example => example.Id).Should().Equal("0", "1");
        // 100 and 500 of 1000 along 112 pixels, 200 and 600 of 1000 along 56.
        read[0].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().ContainSingle().Which.Box.Should()
            .Be(new Box(11, 11, 56, 34));
    }

    [Fact]
    public void The_examples_of_the_page_are_those_that_run_here()
    {
        var page = Resource("data.md");
        var shown = Between(page, "```csharp", "```");
        Between(Resource("DataExample.cs"), "// <example>", "// </example>").Should().Equal(shown);
        shown.Should().HaveCountGreaterThan(10);
        var options = Between(page[page.IndexOf("**Rows that others wrote**", StringComparison.Ordinal)..], "```csharp", "```");
        Between(Resource("DataExample.cs"), "// <options>", "// </options>").Should().Equal(options);
        options.Should().HaveCountGreaterThan(5);
    }

    private static VisionExample[] Published(QwenPromptEncoder encoder, string rows, string pictures, string model)
    {
        // <options>
        var published = new RowOptions
        {
            Prompt = encoder.GroundingPrompt,
            Columns = new ColumnMap { Id = [], Question = ["query"] },   // rows are numbered, questions are in "query"
            LabelFrame = FrameSize.Thousandths,                          // boxes from 0 to 1000
            Markers = MediaMarkers.Text,                                 // <image> in a question is a word
            PicturesWithin = pictures,                                   // pictures lie there, beside the file's folder
        };
        var asStored = QwenPromptEncoder.Load(model, ImageDecoder.With(new PictureOptions { ApplyOrientation = false }));
        // </options>
        return [.. JsonLinesDataset.Load(rows, published).Select(asStored.InModelFrame)];
    }

    private static void Example(
        QwenPromptEncoder encoder, IPolicy policy, IRolloutSampler sampler, RewardSuite rewards, AdamWOptimizer optimizer,
        string parquet, string jsonl, string state, TrainerOptions options, int steps)
    {
        // <example>
        var objects = ParquetSource.Open(parquet, new RowOptions { Prompt = encoder.GroundingPrompt });   // ViSurf's published set as it is
        using var words = JsonLinesSource.Open(jsonl, new RowOptions { Columns = new ColumnMap { Question = ["query"] } });

        var check = new DatasetCheck(new DemonstrationInjector(encoder), rewards, PictureSize.Of) { Encoder = encoder, MaxPromptTokens = 1300 };
        var report = check.Report(objects, encoder.InModelFrame).Ensure(BadRowPolicy.Skip);                      // Stop, the default, throws and lists the rows
        Console.WriteLine(report.Describe());

        var mix = new MixedStream(seed: 1,
            new WeightedStream("objects", new ShuffledStream(objects, seed: 1) { Skip = report.BadRows }, 3),    // three of four examples
            new WeightedStream("words", new ShuffledStream(words, seed: 1), 1));
        using var ahead = new PrefetchingStream(mix.Select(encoder.InModelFrame), encoder);

        var trainer = new Trainer(TrainerParts.ViSurf(ahead.Encoder, policy, sampler, rewards, optimizer), options);
        for (var step = 0; step < steps; step++) trainer.Step(ahead.Next(options.PromptsPerStep));
        File.WriteAllText(state, ahead.Position);                                                                // and later: ahead.Position = File.ReadAllText(state)
        // </example>
    }

    private static string[] Between(string text, string open, string close)
        => [.. text.Split('\n').SkipWhile(line => line.Trim() != open).Skip(1).TakeWhile(line => line.Trim() != close)
            .Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line).Select(line => line.TrimEnd())];

    private static string Resource(string name)
    {
        using var stream = typeof(DataExample).Assembly.GetManifestResourceStream(name)!;
        return new StreamReader(stream).ReadToEnd();
    }
}
