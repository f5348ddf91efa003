using Tokenizers.DotNet;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Tests.Models.Tokens.Oracle;

/// <summary>One tokenizer.json read twice: by us, and by Hugging Face's own library.</summary>
internal sealed class OracleTokenizer : IDisposable
{
    private readonly Tokenizer _reference;

    private OracleTokenizer(QwenTokenizer ours, Tokenizer reference) => (Ours, _reference) = (ours, reference);

    public QwenTokenizer Ours { get; }

    /// <summary>Null where we refuse the file, which is our right.</summary>
    public static OracleTokenizer? Load(string directory)
    {
        try
        {
            var ours = QwenTokenizer.Load(directory);
            return new OracleTokenizer(ours, new Tokenizer(Path.Combine(directory, "tokenizer.json")));
        }
        catch (Exception e) when (e is InvalidDataException or TokenizerException)
        {
            // The reference refuses a few patterns that cannot match; a file with one cannot be published.
            return null;
        }
    }

    public int[] Reference(string text) => _reference.Encode(text).Select(id => (int)id).ToArray();

    public void Dispose() => _reference.Dispose();
}
