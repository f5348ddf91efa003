using Tokenizers.DotNet;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Our tokenizer beside Hugging Face's own library: the same ids for any text, from the published files and from changed ones that both
/// read. What we refuse and what the library refuses is no difference.
/// </summary>
internal sealed class OracleSurface : ISurface
{
    private const string Folder = "tokenizer", Name = "tokenizer.json", Path = Folder + "/" + Name;
    private readonly string _whole = Fixture.Text("tokenizer", Name);
    private readonly (QwenTokenizer Ours, Tokenizer Theirs) _real;

    public OracleSurface()
    {
        Fixture.Copy("tokenizer", Folder);
        // What tokenizer_config.json adds is another matter.
        foreach (var file in new[] { "tokenizer_config.json", "vocab.json", "merges.txt" })
            File.Delete(System.IO.Path.Combine(Folder, file));
        _real = (QwenTokenizer.Load(Folder), new Tokenizer(Path));
    }

    public void Try(Attempt attempt)
    {
        var dice = attempt.Dice;
        var texts = Enumerable.Range(0, 8).Select(_ => Texts.Whole(dice, 30)).Where(text => text.Length > 0).ToArray();
        for (var i = 0; i < texts.Length; i++) attempt.Note($"{i}.txt", texts[i]);
        if (!dice.Once(3))
        {
            foreach (var text in texts) Same(attempt, _real.Ours, _real.Theirs, text);
            return;
        }
        var changed = TokenizerFilesChanged.Of(dice, Name, _whole);
        attempt.Note(Name, changed);
        File.WriteAllBytes(Path, changed);
        QwenTokenizer? ours = null;
        if (!attempt.Refusable(() => ours = QwenTokenizer.Load(Folder), Folder) || Read() is not { } theirs)
        {
            attempt.Count();
            return;
        }
        attempt.Refusable(() =>
        {
            foreach (var text in texts) Same(attempt, ours!, theirs, text);
        }, Folder);
    }

    public void Dispose()
    {
    }

    private static Tokenizer? Read()
    {
        try
        {
            return new Tokenizer(Path);
        }
        catch (TokenizerException)
        {
            return null;
        }
    }

    private static void Same(Attempt attempt, QwenTokenizer ours, Tokenizer theirs, string text)
    {
        attempt.Count();
        int[] expected;
        try
        {
            expected = [.. theirs.Encode(text).Select(id => (int)id)];
        }
        catch (TokenizerException)
        {
            return;   // no right value
        }
        var found = ours.Encode(text);
        if (found.SequenceEqual(expected)) return;
        var at = found.Zip(expected).TakeWhile(pair => pair.First == pair.Second).Count();
        throw new FuzzFailure($"other ids than the reference's from token {at} on: "
            + $"'{(text.Length > 200 ? text[..200] + "…" : text)}' is {Some(expected, at)}, we give {Some(found, at)}");
    }

    private static string Some(IReadOnlyList<int> ids, int at) => string.Join(' ', ids.Skip(Math.Max(0, at - 2)).Take(10));
}
