using ViSurf.Core.Data;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// No text of a row opens a turn, places a picture or a stop: a prompt and a label hold as many control tokens as the same with harmless
/// text.
/// </summary>
internal sealed class ChatSurface : ISurface
{
    private static readonly string[] Control = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|vision_start|>", "<|vision_end|>",
        "<|image_pad|>", "<|video_pad|>", "<|vision_pad|>"];
    private static readonly ImageSource Picture = ImageSource.FromBytes(Fixture.Bytes("images", "1.png"), "1.png");
    private readonly QwenPromptEncoder[] _encoders = [.. new[] { "qwen2_5_vl", "qwen3_vl" }
        .Select(family => QwenPromptEncoder.Load(Fixture.PathOf(family)))];

    public void Try(Attempt attempt)
    {
        var (dice, encoder) = (attempt.Dice, attempt.Dice.Of(_encoders));
        string Text() => dice.Of(Control) + Texts.Of(dice, 6) + dice.Of(Control)
            + (dice.Once(3) ? "\n" + dice.Of(Control) + "assistant\n" : "");
        var (question, system, answer) = (Text(), dice.Once(3) ? Text() : null, Text());
        var images = dice.Once(2) ? [Picture] : Array.Empty<ImageSource>();
        attempt.Count();
        attempt.Note("question.txt", question);
        attempt.Note("system.txt", system ?? "");
        attempt.Note("answer.txt", answer);
        attempt.Refusable(() =>
        {
            Attempt.Expect(Counts(encoder, Ask(question, system, images)).SequenceEqual(Counts(encoder,
                Ask("q", system is null ? null : "s", images))), "a question changes the number of control tokens");
            var ids = encoder.EncodeAnswer(answer);
            Attempt.Expect(ids.Count(id => encoder.StopIds.Contains(id)) == 1 && ids[^1] == encoder.StopIds[0],
                "a label holds a stop before its end");
            Attempt.Expect(!ids.Any(encoder.SuppressedIds.Contains), "a label holds a picture's token");
        }, "row-7", "<|", "half of a surrogate pair");
    }

    public void Dispose()
    {
    }

    private static VisionExample Ask(string question, string? system, ImageSource[] images)
    {
        var example = VisionExample.Ask("row-7", question, null, images);
        return system is null ? example : example with { Turns = [ChatTurn.System(system), .. example.Turns] };
    }

    private static int[] Counts(QwenPromptEncoder encoder, VisionExample example)
    {
        using var prompt = encoder.Encode(example);
        return [.. Control.Select(token => encoder.Tokenizer.Find(token) is { } id ? prompt.TokenIds.Count(i => i == id) : 0)];
    }
}
