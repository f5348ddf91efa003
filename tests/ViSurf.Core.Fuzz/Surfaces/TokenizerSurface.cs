using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Tokenizer files changed, then texts encoded: refused with the directory named, or ids of the vocabulary, the same twice, and for whole
/// texts back to text.
/// </summary>
internal sealed class TokenizerSurface : ISurface
{
    private const string Folder = "tokenizer";
    private static readonly string[] Names = ["tokenizer.json", "tokenizer.json", "tokenizer.json", "vocab.json", "merges.txt",
        "tokenizer_config.json"];

    public TokenizerSurface() => Fixture.Copy("tokenizer", Folder);

    public void Try(Attempt attempt)
    {
        var (dice, name) = (attempt.Dice, attempt.Dice.Of(Names));
        var (path, joint) = (Path.Combine(Folder, name), Path.Combine(Folder, "tokenizer.json"));
        var (whole, together) = (File.ReadAllBytes(path), File.ReadAllBytes(joint));
        var changed = TokenizerFilesChanged.Of(dice, name, System.Text.Encoding.UTF8.GetString(whole));
        attempt.Count();
        attempt.Note(name, changed);
        File.WriteAllBytes(path, changed);
        // The other set of files is read only where tokenizer.json is not there.
        if (name is "vocab.json" or "merges.txt") File.Delete(joint);
        try
        {
            string[] texts = [Texts.Of(dice), Texts.Of(dice), Texts.Whole(dice, 40),
                new(dice.Of(["a", " ", "\n", "1", "é"])[0], dice.Size(20_000))];
            attempt.Refusable(() => Use(QwenTokenizer.Load(Folder), texts), Folder, "half of a surrogate pair");
        }
        finally
        {
            File.WriteAllBytes(joint, together);
            File.WriteAllBytes(path, whole);
        }
    }

    public void Dispose()
    {
    }

    private static void Use(QwenTokenizer tokenizer, string[] texts)
    {
        foreach (var text in texts)
        {
            var ids = tokenizer.Encode(text);
            Attempt.Expect(ids.All(id => id >= 0 && id < tokenizer.VocabularySize), "ids outside the vocabulary");
            Attempt.Expect(ids.SequenceEqual(tokenizer.Encode(text)), "other ids the second time");
            _ = tokenizer.Decode(ids, skipSpecialTokens: false);
        }
    }
}
