using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// JSON Lines rows with wrong labels, boxes, masks, ids and pictures. Both readers take or refuse the same rows; the data set's check comes
/// to an end whatever is in them; what it calls fit can be encoded and judged.
/// </summary>
internal sealed class RowsSurface : ISurface
{
    private const string File = "rows.jsonl";

    private static readonly string[] Rows =
    [
        """{"id": "row-7", "image": "1.png", "problem": "Find it.", "solution": [{"bbox_2d": [10, 20, 40, 50], "point_2d": [25, 35]}], "img_width": 84, "img_height": 84}""",
        """{"id": "row-7", "image": "1.png", "problem": "Find it.", "solution": "[{\"bbox_2d\": [10, 20, 40, 50], \"point_2d\": [25, 35]}]"}""",
        """{"id": 7, "images": ["1.png", "2.png"], "question": "<image>Which? <image>", "answer": "red"}""",
        """{"id": "row-7", "image": "1.png", "problem": "Read it.", "answers": ["a", "b"]}""",
        """{"id": "row-7", "image": "1.png", "problem": "Find all.", "objects": [{"bbox_2d": [1, 2, 30, 40], "label": "cat"}, {"bbox_2d": [5, 5, 9, 9], "label": "dog"}]}""",
        """{"id": "row-7", "image": "1.png", "problem": "Open it.", "action": {"action": "click", "point": [15, 16]}}""",
        """{"id": "row-7", "image": "1.png", "problem": "Find it.", "seg_zero": {"bbox": [1, 2, 30, 40], "points_1": [5, 6], "points_2": [7, 8]}}""",
        """{"id": "row-7", "image": "1.png", "problem": "Cut it out.", "mask": {"size": [84, 84], "counts": [100, 200, 6756]}}""",
        """{"id": "row-7", "image": "1.png", "problem": "Cut it out.", "mask": {"size": [100000, 100000], "counts": [10000000000]}, "img_width": 84, "img_height": 84}""",
    ];

    private readonly QwenPromptEncoder _encoder = QwenPromptEncoder.Load(Fixture.PathOf("qwen2_5_vl"));
    private readonly RewardSuite[] _suites = [RewardPresets.VisionReasoner(), RewardPresets.CocoDetection(), RewardPresets.EasyR1Math(),
        RewardPresets.GuiR1()];

    public RowsSurface()
    {
        foreach (var name in new[] { "1.png", "2.png" }) System.IO.File.Copy(Fixture.PathOf("images", name), name);
    }

    public void Try(Attempt attempt)
    {
        var file = Make(attempt.Dice);
        attempt.Count();
        attempt.Note(File, file);
        System.IO.File.WriteAllBytes(File, file);
        var (listed, streamed) = (new List<VisionExample>(), new List<VisionExample>());
        var options = new RowOptions { RequireLabel = attempt.Dice.Once(2) };
        var one = attempt.Refusable(() => listed.AddRange(JsonLinesDataset.Load(File, options)), File);
        var other = attempt.Refusable(() =>
        {
            using var source = JsonLinesSource.Open(File, options);
            for (var block = 0; block < source.Blocks.Count; block++) streamed.AddRange(source.Read(block));
            if (streamed.Select(e => e.Id).Distinct(StringComparer.Ordinal).Count() < streamed.Count)
                throw new InvalidDataException($"{File}: an id twice");   // the check says it for a stream
        }, File);
        Attempt.Expect(one == other, $"one reader takes the file, the other does not (whole: {one}, stream: {other})");
        Attempt.Expect(!one || listed.Select(Text).SequenceEqual(streamed.Select(Text)), "the two readers read different rows");
        Check(attempt, options);
    }

    public void Dispose()
    {
    }

    private void Check(Attempt attempt, RowOptions options)
    {
        var labels = new DemonstrationInjector(_encoder);
        var check = new DatasetCheck(labels, attempt.Dice.Of(_suites), PictureSize.Of) { Encoder = _encoder, MaxPromptTokens = 2000 };
        attempt.Refusable(() =>
        {
            using var source = JsonLinesSource.Open(File, options);
            var report = check.Report(source);
            Attempt.Expect(report.Problems.All(p => p.Reason.Length is > 0 and < 4000), "a reason of no or of very many characters");
            _ = report.Describe();
            for (int block = 0, row = 0; block < source.Blocks.Count; block++)
            {
                var rows = source.Read(block);
                for (var i = 0; i < source.Blocks[block].Rows; i++, row++)
                    if (!report.BadRows.Contains(row)) Use(rows[i]);
            }
        }, File, "row-7");
    }

    private void Use(VisionExample example)
    {
        _encoder.Encode(example).Dispose();
        if (example.Target is { } target) _ = _encoder.EncodeAnswer((example.LabelFormat ?? new LabelFormat()).Write(target));
    }

    private static byte[] Make(Dice dice)
    {
        var row = System.Text.Encoding.UTF8.GetString(Json.Changed(dice, dice.Of(Rows)));
        if (dice.Once(5))
            row = row.Replace("Find", System.Text.Json.JsonSerializer.Serialize(Texts.Whole(dice))[1..^1], StringComparison.Ordinal);
        var end = dice.Of(["\n", "\r\n", "\n\n", "", "\n\u00A0\n", "\r", "\n \n"]);
        var text = dice.Once(3) ? row + end + dice.Of(Rows).Replace("row-7", "row-8", StringComparison.Ordinal) + end : row + end;
        return dice.Below(30) switch
        {
            0 => [0xEF, 0xBB, 0xBF, .. System.Text.Encoding.UTF8.GetBytes(text)],
            1 => System.Text.Encoding.Unicode.GetPreamble().Concat(System.Text.Encoding.Unicode.GetBytes(text)).ToArray(),
            2 => System.Text.Encoding.Latin1.GetBytes(text.Replace("it", "\u00E9", StringComparison.Ordinal)),
            _ => System.Text.Encoding.UTF8.GetBytes(text),
        };
    }

    private static string Text(VisionExample example)
        => $"{example.Id}|{string.Join('|', example.Images.Select(i => i.Name))}|{string.Concat(example.Turns.SelectMany(t => t.Parts).Select(p => p.Text ?? "<picture>"))}|{(example.Target is null ? "" : new LabelFormat().Write(example.Target))}";
}
