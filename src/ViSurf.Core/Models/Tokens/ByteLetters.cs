using System.Collections.Frozen;

namespace ViSurf.Core.Models.Tokens;

/// <summary>GPT-2's printable stand-ins for the 256 bytes, in which byte-level vocabularies are written.</summary>
internal static class ByteLetters
{
    private static readonly char[] Letters = Build();
    private static readonly FrozenDictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToFrozenDictionary(b => Letters[b], b => (byte)b);

    /// <summary>All 256, in the order of the bytes.</summary>
    public static IEnumerable<char> All => Letters;

    /// <summary>The bytes a vocabulary entry stands for; an entry with other letters stands for its own UTF-8.</summary>
    public static byte[] Decode(string token)
        => token.All(Bytes.ContainsKey) ? token.Select(c => Bytes[c]).ToArray() : System.Text.Encoding.UTF8.GetBytes(token);

    /// <summary>The letters of a text's UTF-8.</summary>
    public static string Encode(string text) => string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Select(b => Letters[b]));

    private static char[] Build()
    {
        var letters = new char[256];
        var next = 256;
        for (var b = 0; b < 256; b++)
            letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)next++;
        return letters;
    }
}
