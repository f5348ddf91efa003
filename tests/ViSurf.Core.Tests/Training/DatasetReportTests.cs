using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>The whole check with the real encoder, the real rewards and files on disk.</summary>
public sealed class DatasetReportTests : IDisposable
{
    private static readonly QwenPromptEncoder Encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void Rows_that_fail_are_listed_with_file_line_and_reason()
    {
        File.WriteAllBytes(_folder.File("good.png"), Pictures.Plain(70, 98));
        File.WriteAllBytes(_folder.File("cut.png"), Pictures.WithRectangle(300, 300, 5, 5, 200, 200)[..200]);
        File.WriteAllText(_folder.File("text.png"), "no picture");
        var report = Report(
            Row(1, "good.png", "[[1, 2, 30, 40]]"),
            Row(2, "good.png", "[[1, 2, 300, 40]]"),
            Row(3, "cut.png", "[]"),
            Row(4, "text.png", "[]"),
            "not JSON",
            Row(1, "good.png", "[]"),
            Row(6, "good.png", "[]", new string('w', 3000)),
            Row(7, "good.png", "[]"));
        var path = _folder.File("rows.jsonl");
        report.Rows.Should().Be(8);
        report.BadRows.Should().BeEquivalentTo([1L, 2, 3, 4, 5, 6]);
        var lines = report.Problems.Select(p => p.ToString()).ToArray();
        lines.Should().ContainMatch($"{path}:2 (id '2'): box 0 [*] lies outside its picture of * pixels: correct it or*");
        lines.Should().ContainMatch($"{path}:3 (id '3'): *picture*cut.png*");
        lines.Should().ContainMatch($"{path}:4 (id '4'): expected*{_folder.File("text.png")}*".Replace("expected", "*", StringComparison.Ordinal));
        lines.Should().ContainMatch($"{path}:5: expected one JSON object per line*");
        lines.Should().ContainMatch($"{path}:6 (id '1'): its id occurs more than once");
        lines.Should().ContainMatch($"{path}:7 (id '6'): its prompt cannot be used: Expected at most 400 prompt tokens, got *");
        FluentActions.Invoking(() => report.Ensure()).Should().Throw<InvalidDataException>().WithMessage($"rows: 6 of 8 rows are not fit for training*{path}:2*");
        (report with { SkipAdvice = "badRows: skip" }).Describe().Should().Contain("or leave them out (badRows: skip):").And.NotContain(nameof(BadRowPolicy));
        report.Ensure(BadRowPolicy.Skip).BadRows.Should().HaveCount(6);
    }

    [Fact]
    public void A_picture_that_may_not_be_read_is_a_problem_of_its_row()
    {
        if (OperatingSystem.IsWindows()) return;    // no permissions in this sense
        File.WriteAllBytes(_folder.File("good.png"), Pictures.Plain(70, 98));
        File.WriteAllBytes(_folder.File("secret.png"), Pictures.Plain(70, 98));
        File.SetUnixFileMode(_folder.File("secret.png"), UnixFileMode.None);
        // The way to the file is open to everybody.
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)Convert.ToInt32("755", 8));
        File.WriteAllLines(_folder.File("rows.jsonl"), [Row(1, "good.png", "[]"), Row(2, "secret.png", "[]"), Row(3, "good.png", "[]")]);
        using var source = JsonLinesSource.Open(_folder.File("rows.jsonl"));
        using var nobody = new Unprivileged();

        var framed = Check(400).Report(source, Encoder.InModelFrame);
        framed.Rows.Should().Be(3);
        framed.Problems.Should().ContainSingle().Which.ToString().Should().Match("*rows.jsonl*:2 (id '2'): *secret.png*denied*");
        // Read by somebody's own function, and without a change.
        Check(400).Report(source, example => example with { PictureSize = PictureSize.Of(example.Images[0]) }).BadRows.Should().Equal(1);
        Check(400).Report(source).BadRows.Should().Equal(1);
        // And in a run that nobody checked.
        Encoder.Invoking(e => e.Encode(source.Read(0)[1])).Should().Throw<InvalidDataException>().WithMessage("Example '2': *secret.png*");
    }

    [Fact]
    public void Markers_that_stand_in_a_prompt_as_text_are_counted()
    {
        VisionExample[] rows = [VisionExample.Ask("a", "<image>Find x.", null), VisionExample.Ask("b", "Find y.", null),
            VisionExample.Ask("c", "<image> <video>?", null)];
        Check(400).Report(new ListSource(rows, "list")).Notes.Should().Contain("prompts with the word <image>, "
            + "which marks no place there: 2 of 3 rows")
            .And.Contain("prompts with the word <video>, which marks no place there: 1 of 3 rows");
    }

    [Fact]
    public void What_a_report_found_a_stream_passes_over()
    {
        File.WriteAllBytes(_folder.File("good.png"), Pictures.Plain(70, 98));
        var report = Report(Row(1, "good.png", "[]"), "not JSON", Row(3, "good.png", "[]")).Ensure(BadRowPolicy.Skip);
        using var source = JsonLinesSource.Open(_folder.File("rows.jsonl"));
        var stream = new ShuffledStream(source, 1) { Skip = report.BadRows };
        stream.Next(10).Select(e => e.Id).Order().Should().Equal("1", "1", "1", "1", "1", "3", "3", "3", "3", "3");
    }

    [Fact]
    public void When_no_row_is_left_skipping_is_no_way_out()
        => Report("not JSON").Invoking(r => r.Ensure(BadRowPolicy.Skip)).Should().Throw<InvalidDataException>();

    [Theory]
    [InlineData(BadRowPolicy.Stop)]
    [InlineData(BadRowPolicy.Skip)]
    public void A_file_without_rows_is_not_fit_for_training(BadRowPolicy policy)
        => Report().Invoking(r => r.Ensure(policy)).Should().Throw<InvalidDataException>().WithMessage("rows: expected rows, found none. "
            + "Is it the file that was meant?");

    [Fact]
    public void Good_rows_pass_and_are_counted()
    {
        File.WriteAllBytes(_folder.File("good.png"), Pictures.Plain(70, 98));
        var report = Report(Row(1, "good.png", "[[1, 2, 30, 40]]")).Ensure();
        report.Describe().Should().Be("rows: 1 rows, all fit for training.");
    }

    [Fact]
    public void Placeholders_of_a_prompt_are_whole_whatever_the_picture()
    {   // one token per 2 × 2 patches of each picture, all in one run per picture
        foreach (var (w, h) in new[] { (70, 98), (300, 31), (29, 29), (640, 480) })
        {
            using var prompt = Encoder.Encode(VisionExample.Ask("a", "?", null, ImageSource.FromBytes(Pictures.Plain(w, h), "p")));
            prompt.TokenIds.Count(id => id == Encoder.Tokenizer.Id("<|image_pad|>")).Should().Be(prompt.Grids[0].Patches / 4);
            var check = Check(prompt.TokenIds.Count - 1);
            check.Report(new ListSource([VisionExample.Ask("a", "?", null, ImageSource.FromBytes(Pictures.Plain(w, h), "p"))], "list")).Problems.Should().ContainSingle()
                .Which.Reason.Should().Contain($"at most {prompt.TokenIds.Count - 1} prompt tokens, got {prompt.TokenIds.Count}");
            Check(prompt.TokenIds.Count).Report(new ListSource([VisionExample.Ask("a", "?", null, ImageSource.FromBytes(Pictures.Plain(w, h), "p"))], "list")).Problems.Should().BeEmpty();
        }
    }

    [Fact]
    public void Coordinates_of_every_kind_of_label_are_compared_with_the_picture()
    {
        Problem(new DetectionTarget([new LabelledBox(new Box(0, 0, 71, 10), "a")])).Should().Be("box 0 [0, 0, 71, 10] lies outside its picture of 70 × 98 pixels: correct it or, where its coordinates are of a picture of another size or run from 0 to 1000, say so (columns of width and height, or one frame for all rows: RowOptions.LabelFrame)");
        Problem(new SegZeroTarget(new Box(0, 0, 10, 10), new(1, 1), new(11, 1))).Should().Be("point 1 [11, 1] lies outside box 0 [0, 0, 10, 10]: correct one of them");
        Problem(new GuiActionTarget("click", new PixelPoint(5, 99))).Should().StartWith("point [5, 99] lies outside its picture of 70 × 98 pixels: correct it or");
        Problem(new MaskTarget(new RunLengthMask(70, 98, [6860]))).Should().Be("its mask has 98 × 70 pixels, its picture 70 × 98: make them the same size");
        new DatasetCheck(new DemonstrationInjector(Encoder), Toy.Suite("any", (_, _) => 1), PictureSize.Of)
            .Report(new ListSource([Asked(new MaskTarget(new RunLengthMask(98, 70, [6860])))], "list"),
                Encoder.InModelFrame).Problems.Should().BeEmpty();

        static VisionExample Asked(Target target)
            => VisionExample.Ask("a", "?", target, ImageSource.FromBytes(Pictures.Plain(70, 98), "p"));

        static string? Problem(Target target)
            => new DatasetCheck(new DemonstrationInjector(Encoder), Toy.Suite("any", (_, _) => 1), PictureSize.Of)
                .Report(new ListSource([Asked(target)], "list")).Problems.SingleOrDefault()?.Reason;
    }

    [Fact]
    public void A_label_that_no_reward_judges_is_found()
        => new DatasetCheck(new DemonstrationInjector(Encoder), new RewardSuite(RewardFunction.From("boxes only", (e, _) => e.Target is GroundingTarget ? 1 : null)), PictureSize.Of)
            .Report(new ListSource([VisionExample.Ask("a", "?", new TextTarget("word"))], "list")).Problems.Should().ContainSingle().Which.Reason.Should().Be("no reward judges its label");

    [Fact]
    public void A_label_that_only_a_penalty_judges_is_found_too()
    {   // a penalty of 0 is all that is said of the label: as a completion it would be no member of its group
        var suite = new RewardSuite(
            RewardFunction.From("boxes only", (e, _) => e.Target is GroundingTarget ? 1 : null), LengthRewards.Overlong(1000, 100));
        new DatasetCheck(new DemonstrationInjector(Encoder), suite, PictureSize.Of)
            .Report(new ListSource([VisionExample.Ask("a", "?", new TextTarget("word"))], "list"))
            .Problems.Should().ContainSingle().Which.Reason.Should().Be("no reward judges its label");
    }

    [Fact]
    public void A_damaged_row_group_is_a_problem_of_each_of_its_rows()
    {
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", "visurf.parquet"));
        bytes.AsSpan(4, 300).Fill(0xEE);
        File.WriteAllBytes(_folder.File("damaged.parquet"), bytes);
        var report = Check(1000).Report(ParquetSource.Open(_folder.File("damaged.parquet")), Encoder.InModelFrame);
        report.BadRows.Should().BeEquivalentTo([0L, 1, 2, 3]);
        report.Describe().Split(Environment.NewLine).Should()
            .ContainSingle(line => line.Contains("damaged.parquet, row group 0", StringComparison.Ordinal))
            .Which.Should().EndWith("(4 rows)");
    }

    [Fact]
    public void A_row_whose_change_or_memory_fails_is_a_line_and_the_look_goes_on()
    {
        VisionExample[] rows = [.. Enumerable.Range(0, 5)
            .Select(i => VisionExample.Ask($"r{i}", "?", null) with { Place = $"rows.jsonl:{i + 1}" })];
        var report = Check(400).Report(new ListSource(rows, "list"), example => example.Id switch
        {
            "r1" when new long[Array.MaxLength + 1L].Length > 0 => example,    // more than an array may hold
            "r2" => throw new KeyNotFoundException("no such class"),
            "r3" => throw new TaskCanceledException("the judge did not answer"),
            _ => example,
        });
        report.Rows.Should().Be(5);
        report.Problems.Select(problem => problem.ToString()).Should().Equal(
            "rows.jsonl:2 (id 'r1'): it needs more memory than there is", "rows.jsonl:3 (id 'r2'): no such class", "rows.jsonl:4 (id "
                + "'r3'): the judge did not answer");

        // Whoever gave up waiting gets no report.
        using var cancel = new CancellationTokenSource();
        Check(400).Invoking(c => c.Report(new ListSource(rows, "list"), example =>
        {
            cancel.Cancel();
            cancel.Token.ThrowIfCancellationRequested();
            return example;
        }, cancel.Token)).Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void A_block_that_fails_in_any_way_is_a_line_of_each_of_its_rows()
        => Check(400).Report(new Broken()).Problems.Select(problem => problem.ToString())
            .Should().Equal("broken, row 0: unsupported type -9", "broken, row 1: unsupported type -9");

    [Fact]
    public void Notes_are_said_under_the_problems_and_leave_no_row_out()
    {
        var report = new DatasetReport("rows", 3,
            [new RowProblem(1, "rows.jsonl:2", "b", "is bad")]) { Notes = ["turned pictures: 2 of 3 rows"] };
        report.Describe().Should().EndWith($"is bad{Environment.NewLine}  Note: turned pictures: 2 of 3 rows.");
        report.BadRows.Should().Equal(1);
    }

    public void Dispose() => _folder.Dispose();

    private sealed class Broken : IExampleSource
    {
        public string Name => "broken";

        public IReadOnlyList<RowBlock> Blocks { get; } = [new RowBlock(2, 10)];

        public IReadOnlyList<VisionExample> Read(int block) => throw new NotSupportedException("unsupported type -9");
    }

    private static DatasetCheck Check(int maxPromptTokens)
        => new(new DemonstrationInjector(Encoder), VisionReasonerRewards.Suite(), PictureSize.Of) { Encoder = Encoder, MaxPromptTokens = maxPromptTokens };

    private static string Row(int id, string image, string boxes, string question = "the thing")
    {
        var objects = System.Text.Json.JsonSerializer.Deserialize<double[][]>(boxes)!.Select(b => new { bbox_2d = b, point_2d = new[] { b[0] + 1, b[1] + 1 } });
        return System.Text.Json.JsonSerializer.Serialize(new { id, image, problem = question, solution = objects });
    }

    private DatasetReport Report(params string[] lines)
    {
        File.WriteAllLines(_folder.File("rows.jsonl"), lines);
        using var source = JsonLinesSource.Open(_folder.File("rows.jsonl"));
        return Check(400).Report(source, Encoder.InModelFrame);
    }
}
