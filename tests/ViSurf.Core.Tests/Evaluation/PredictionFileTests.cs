using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Tests.Support;
using Xunit;
using static ViSurf.Core.Tests.Evaluation.Evaluated;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class PredictionFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string File => _folder.File("predictions.jsonl");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<Target?> Labels => new(
        null,
        new TextTarget("\"é\"\n"),
        new AnswersTarget(["one", "two"]),
        new GroundingTarget([]),
        new GroundingTarget([new GroundedObject(new Box(0.1, 2, 1.0 / 3, 40), new PixelPoint(1e-9, 7))]),
        new DetectionTarget([new LabelledBox(new Box(1, 2, 3, 4), "cat"), new LabelledBox(new Box(1, 2, 3, 4))]) { Form = DetectionForm.VisualRft },
        new GuiActionTarget("click", new PixelPoint(3, 4)),
        new GuiActionTarget("type", Area: new Box(1, 2, 3, 4), Text: "hello"),
        new SegZeroTarget(new Box(1, 2, 3, 4), new PixelPoint(5, 6), new PixelPoint(7, 8)),
        new MaskTarget(Mask(".##. ..#.")));

    [Theory]
    [MemberData(nameof(Labels))]
    public void Every_kind_of_label_comes_back(Target? label)
    {
        PredictionFile.WriteAll(File, [Row(label, "x")]);
        PredictionFile.Read(File).Single().Example.Target.Should().BeEquivalentTo(label, options => options.RespectingRuntimeTypes());
    }

    [Fact]
    public void Prompt_pictures_answers_and_source_come_back()
    {
        var picture = ImageSource.FromFile("images/one.png");
        var example = new VisionExample("row 1", [picture], [ChatTurn.System("be brief"), ChatTurn.User(ChatPart.Image, "where?")], Boxes("0,0,1,1"));
        var written = new EvaluatedExample(example,
        [
            new Completion([5, 6, 7], "<answer>[]</answer>", FinishReason.Stop, CompletionSource.Policy),
            new Completion([8, 9], "<think>\u2028 \"é\" 🙂", FinishReason.Length, CompletionSource.Policy),
        ]) { Source = "set" };
        PredictionFile.WriteAll(File, [written]);

        var read = PredictionFile.Read(File).Single();
        (read.Source, read.Example.Id, read.Example.Images.Single().Name).Should().Be(("set", "row 1", "images/one.png"));
        read.Example.Turns.Should().BeEquivalentTo(example.Turns);
        read.Completions.Select(c => (c.Text, c.FinishReason, c.TokenIds.Count, c.Source)).Should().Equal(
            written.Completions.Select(c => (c.Text, c.FinishReason, c.TokenIds.Count, c.Source)));
        FluentActions.Invoking(() => read.Completion.TokenIds[0]).Should().Throw<InvalidOperationException>().WithMessage("*keeps their number only*");
    }

    [Fact]
    public void A_line_holds_what_other_programs_look_for()
    {
        PredictionFile.WriteAll(File, [Row("a", new TextTarget("red"), "<answer>red</answer>", "blue") with { Source = "set" }]);
        var line = JsonNode.Parse(System.IO.File.ReadAllLines(File).Single())!;
        line["id"]!.GetValue<string>().Should().Be("a");
        line["source"]!.GetValue<string>().Should().Be("set");
        line["label"]!["kind"]!.GetValue<string>().Should().Be("text");
        line["prompt"]![0]!["content"]![0]!["text"]!.GetValue<string>().Should().Be("?");
        line["answers"]!.AsArray().Select(a => a!["text"]!.GetValue<string>()).Should().Equal("<answer>red</answer>", "blue");
        line["answers"]![0]!["finish_reason"]!.GetValue<string>().Should().Be("stop");
        line["answers"]![0]!["tokens"]!.GetValue<int>().Should().Be(0);
    }

    [Theory]
    [InlineData("not json", "*:2: *")]
    [InlineData("[]", "*:2: *one JSON object per line, got a list, []*")]
    [InlineData("{\"id\": \"b\"}", "*:2: *\"images\"*")]
    [InlineData("""{"id":7,"source":"","images":[],"prompt":[],"label":null,"answers":[{"text":"x","finish_reason":"stop","tokens":1}]}""", "*:2: *text under \"id\", got 7*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":null,"answers":[]}""", "*:2: *at least one*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":null,"answers":[{"text":"x","finish_reason":"tired","tokens":1}]}""", "*:2: *stop or length, got 'tired'*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":null,"answers":[{"text":"x","finish_reason":"stop","tokens":-1}]}""", "*:2: *whole number*-1*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":{"kind":"poem","value":1},"answers":[{"text":"x","finish_reason":"stop","tokens":1}]}""", "*:2: *text, answers, grounding*got 'poem'*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":{"kind":"grounding","value":[{"bbox_2d":[1,2]}]},"answers":[{"text":"x","finish_reason":"stop","tokens":1}]}""", "*:2: *bbox_2d*4 numbers*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[],"label":{"kind":"mask","value":{"size":[2,2],"counts":"9"}},"answers":[{"text":"x","finish_reason":"stop","tokens":1}]}""", "*:2: *fill 2*")]
    [InlineData("""{"id":"b","source":"","images":[],"prompt":[{"role":"user","content":[{"type":"film"}]}],"label":null,"answers":[{"text":"x","finish_reason":"stop","tokens":1}]}""", "*:2: *image or text, got 'film'*")]
    public void A_bad_line_is_named_with_file_and_line(string line, string message)
    {
        PredictionFile.WriteAll(File, [Row("a", null, "x")]);
        System.IO.File.AppendAllText(File, line + "\n");
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<InvalidDataException>().WithMessage(message).WithMessage(File + "*");
    }

    [Fact]
    public void A_line_that_was_cut_off_is_an_error_and_what_stands_before_it_was_whole()
    {
        PredictionFile.WriteAll(File, [Row("a", null, "x"), Row("b", null, "y")]);
        var text = System.IO.File.ReadAllText(File);
        System.IO.File.WriteAllText(File, text[..^9]);
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<InvalidDataException>().WithMessage($"{File}:2: *");
        System.IO.File.WriteAllText(File, text.Split('\n')[0] + "\n");
        PredictionFile.Read(File).Single().Example.Id.Should().Be("a");
    }

    [Fact]
    public void An_example_twice_is_an_error_when_written_and_when_read()
    {
        FluentActions.Invoking(() => PredictionFile.WriteAll(File, [Row("a", null, "x"), Row("a", null, "x")])).Should().Throw<ArgumentException>().WithMessage("*'a'*again*");
        PredictionFile.WriteAll(File, [Row("a", null, "x"), Row("a", null, "x") with { Source = "other" }]);
        PredictionFile.Read(File).Should().HaveCount(2);
        System.IO.File.AppendAllText(File, System.IO.File.ReadAllText(File));
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<InvalidDataException>().WithMessage($"{File}:3: *line 1 too*");
    }

    [Fact]
    public void Other_bytes_than_text_and_a_missing_file_are_one_clear_error_each()
    {
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<FileNotFoundException>().WithMessage("*predictions.jsonl*");
        System.IO.File.WriteAllBytes(File, [0x7b, 0xff, 0xfe]);
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<InvalidDataException>().WithMessage("*UTF-8*");
    }

    [Fact]
    public void A_pipe_in_its_place_is_refused_at_once_to_read_and_to_write()
    {
        if (!OperatingSystem.IsLinux()) return;
        SpecialFiles.Put("named pipe", File);
        foreach (var use in new Action[] { () => PredictionFile.Read(File), () => PredictionFile.Create(File).Dispose() })
            FluentActions.Invoking(() => SpecialFiles.Quickly(use)).Should().Throw<InvalidDataException>()
                .WithMessage("*predictions.jsonl', got a named pipe*");
    }

    [Fact]
    public void A_label_of_ones_own_needs_its_kind()
    {
        FluentActions.Invoking(() => PredictionFile.WriteAll(File, [Row("a", new Colour(3), "x")])).Should().Throw<ArgumentException>().WithMessage("*'a'*Colour*LabelKind*");
        var kind = new LabelKind("colour", target => target is Colour colour ? JsonValue.Create(colour.Hue) : null, (JsonElement value) => new Colour(value.GetInt32()));
        PredictionFile.WriteAll(File, [Row("a", new Colour(3), "x")], kind);
        PredictionFile.Read(File, kind).Single().Example.Target.Should().Be(new Colour(3));
        FluentActions.Invoking(() => PredictionFile.Read(File)).Should().Throw<InvalidDataException>().WithMessage("*got 'colour'*");
    }

    [Fact]
    public void A_label_that_JSON_cannot_hold_is_named()
        => FluentActions.Invoking(() => PredictionFile.WriteAll(File, [Row("odd", new SegZeroTarget(new Box(double.NaN, 0, 1, 1), default, default), "x")]))
            .Should().Throw<ArgumentException>().WithMessage("*'odd'*");

    private sealed record Colour(int Hue) : Target
    {
        public override string Serialize(LabelFormat format) => $"{Hue}";
    }
}
