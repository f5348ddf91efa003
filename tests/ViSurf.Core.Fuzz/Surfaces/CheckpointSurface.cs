using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.QwenVl;
using static TorchSharp.torch;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// A tiny checkpoint of each family with one of its JSON files changed, loaded and used: refused with the file or the directory named, or
/// prompts are encoded and answers scored with numbers.
/// </summary>
/// <param name="files">Which files are changed; those that a checkpoint lacks are made from <paramref name="otherwise"/>.</param>
/// <param name="otherwise">What such a file holds.</param>
internal sealed class CheckpointSurface(IReadOnlyList<string> files, string otherwise = "{}") : ISurface
{
    private static readonly string[] Families = ["qwen2_5_vl", "qwen2_vl", "qwen3_vl", "qwen2_5_vl_tied"];
    private static readonly ImageSource Picture = ImageSource.FromBytes(Fixture.Bytes("images", "1.png"), "1.png");
    private static readonly VisionExample Example = VisionExample.Ask("row-7", "What is it? 12 \u00e9 \U00020BB7", new TextTarget("red"),
        Picture);

    public void Try(Attempt attempt)
    {
        var (family, name) = (attempt.Dice.Of(Families), attempt.Dice.Of(files));
        if (!Directory.Exists(family)) Fixture.Copy(family, family);
        var path = Path.Combine(family, name);
        var whole = File.Exists(path) ? File.ReadAllBytes(path) : null;
        var changed = Json.Changed(attempt.Dice, whole is null ? otherwise : System.Text.Encoding.UTF8.GetString(whole));
        attempt.Count();
        attempt.Note($"{family}-{name}", changed);
        File.WriteAllBytes(path, changed);
        try
        {
            attempt.Refusable(() => Use(family, weights: name == "config.json"), family, name, "row-7");
        }
        finally
        {
            if (whole is null) File.Delete(path);
            else File.WriteAllBytes(path, whole);
        }
    }

    public void Dispose()
    {
    }

    private static void Use(string directory, bool weights)
    {
        using var scope = NewDisposeScope();
        var encoder = QwenPromptEncoder.Load(directory);
        using var prompt = encoder.Encode(Example);
        Attempt.Expect(prompt.Pixels is null || isfinite(prompt.Pixels).all().item<bool>(), "pixels that are no numbers");
        Attempt.Expect(prompt.TokenIds.All(id => id >= 0 && id < encoder.Tokenizer.VocabularySize), "ids outside the vocabulary");
        Attempt.Expect(encoder.StopIds.Count > 0 && encoder.StopIds.All(id => id >= 0), "stop ids outside the vocabulary");
        if (!weights) return;
        using var policy = QwenVlPolicy.Load(directory);
        using var noGrad = no_grad();
        using var batch = Collator.Prompts([prompt]);
        using var rows = Collator.Sequences(batch, [(0, encoder.EncodeAnswer("red"))]);
        using var scores = policy.Score(rows);
        Attempt.Expect(isfinite(scores.LogProbs).all().item<bool>(), "log-probabilities that are no numbers");
    }
}
