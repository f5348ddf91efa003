using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Where pictures stand in a question; the right prompts are EasyR1's, which splits the text at its markers.</summary>
public sealed class MediaMarkersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public MediaMarkersTests()
    {
        foreach (var name in new[] { "a.png", "b.png" }) File.WriteAllText(_folder.File(name), "no picture");
    }

    public static TheoryData<string> Folders() => [.. Cases.Of("18-")];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_prompt_is_the_one_that_EasyR1_makes(string folder)
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
        using var expected = Cases.Json(folder, "expected.json");
        var rows = JsonLinesDataset.Load(Cases.PathOf(folder, "rows.jsonl")).ToDictionary(row => row.Id);
        foreach (var right in expected.RootElement.EnumerateArray())
            encoder.Render(rows[right.GetProperty("id").GetString()!]).Should().Be(right.GetProperty("prompt_right").GetString());
    }

    [Theory]
    [InlineData("<image>Find x.", 1, "▣Find x.")]
    [InlineData("\n<image>\nFind x.", 1, "\n▣\nFind x.")]
    [InlineData("a<image>b<image>", 2, "a▣b▣")]
    [InlineData("<image><image>", 2, "▣▣")]
    [InlineData("<|vision_start|><|image_pad|><|vision_end|>Find x.", 1, "▣Find x.")]
    [InlineData("Find x.", 2, "▣▣Find x.")]
    [InlineData("Find x.", 0, "Find x.")]
    [InlineData("an <img src=\"a\"> tag, <Image>, <image 1> and <images>", 1, "▣an <img src=\"a\"> tag, <Image>, <image 1> and <images>")]
    [InlineData("what is <|image_pad|>?", 0, "what is <|image_pad|>?")]
    public void Pictures_stand_at_their_markers_and_first_where_there_are_none(string question, int pictures, string parts)
        => Parts(Read(question, pictures).Turns.Single()).Should().Be(parts);

    [Theory]
    [InlineData("<image><image>?", 1, "Expected as many markers <image> as pictures, 1, got 2. Add the pictures that are missing, "
        + "or remove markers, or *RowOptions.Markers*")]
    [InlineData("<image>?", 0, "Expected as many markers <image> as pictures, 0, got 1. *")]
    [InlineData("<image>?", 2, "Expected as many markers <image> as pictures, 2, got 1. Add markers, *")]
    [InlineData("<video>?", 0, "Expected pictures alone, got the marker <video>: videos and sound are not read. *")]
    [InlineData("<image><video>?", 1, "Expected pictures alone, got the marker <video>: *")]
    [InlineData("<audio>?", 1, "Expected pictures alone, got the marker <audio>: *")]
    [InlineData("<img>a.png</img>?", 1, "Expected <image> where a picture stands and its path in a column, "
        + "got a path between <img> and </img>. *")]
    public void A_marker_too_many_or_too_few_or_of_something_else_is_named_with_its_row(string question, int pictures, string message)
        => FluentActions.Invoking(() => Read(question, pictures)).Should().Throw<InvalidDataException>()
            .WithMessage($"{_folder.File("rows.jsonl")}:1 (id 'r'): bad question. {message}");

    [Theory]
    [InlineData("<image><image>?", 1, "▣<image><image>?")]
    [InlineData("the <video> tag", 0, "the <video> tag")]
    public void Markers_may_be_taken_for_text(string question, int pictures, string parts)
        => Parts(Read(question, pictures, new RowOptions { Markers = MediaMarkers.Text }).Turns.Single()).Should().Be(parts);

    [Fact]
    public void Markers_of_the_template_and_of_the_system_message_count()
    {
        Parts(Read("Find x.", 1, new RowOptions { Prompt = q => $"Look: <image> {q}" }).Turns.Single()).Should().Be("Look: ▣ Find x.");
        var turns = Read("and <image>?", 2, new RowOptions { SystemMessage = "Compare with <image>." }).Turns;
        turns.Select(Parts).Should().Equal("Compare with ▣.", "and ▣?");
        FluentActions.Invoking(() => Read("?", 2, new RowOptions { SystemMessage = "Compare with <image>." })).Should()
            .Throw<InvalidDataException>().WithMessage("*2, got 1*");
    }

    [Theory]
    [InlineData("videos", """ ["a.mp4"] """)]
    [InlineData("audios", """ ["a.wav"] """)]
    [InlineData("videos", """ "a.mp4" """)]
    [InlineData("video", """ "a.mp4" """)]
    [InlineData("audio", """ {"path": "a.wav"} """)]
    public void Videos_and_sound_of_a_row_are_refused_by_name_and_empty_lists_are_none(string column, string value)
    {
        FluentActions.Invoking(() => Read("?", 1, more: $", \"{column}\": {value}")).Should().Throw<InvalidDataException>()
            .WithMessage($"*(id 'r'): expected pictures alone, got * under \"{column}\": videos and sound are not read. *");
        Read("?", 1, more: $", \"{column}\": []").Images.Should().HaveCount(1);
    }

    [Fact]
    public void A_column_that_is_said_to_be_something_else_is_no_video()
    {
        Read("?", 1, more: ", \"video\": 7, \"audio\": false").Images.Should().HaveCount(1);
        Read("?", 1, new RowOptions { Columns = new ColumnMap { Source = "video" } }, ", \"video\": \"clip 7\"").Source.Should()
            .Be("clip 7");
        Read("?", 1, new RowOptions { Markers = MediaMarkers.Text }, ", \"video\": \"a.mp4\"").Images.Should().HaveCount(1);
    }

    public void Dispose() => _folder.Dispose();

    private static string Parts(ChatTurn turn) => string.Concat(turn.Parts.Select(part => part.Text ?? "▣"));

    private VisionExample Read(string question, int pictures, RowOptions? options = null, string more = "")
    {
        var images = string.Join(", ", new[] { "\"a.png\"", "\"b.png\"" }.Take(pictures));
        File.WriteAllText(_folder.File("rows.jsonl"),
            $$"""{"id": "r", "images": [{{images}}], "problem": {{JsonSerializer.Serialize(question)}}, "answer": "x"{{more}}}""");
        return JsonLinesDataset.Load(_folder.File("rows.jsonl"), options).Single();
    }
}
