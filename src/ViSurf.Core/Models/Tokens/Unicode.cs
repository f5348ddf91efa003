using System.Text;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Normalisation form C, which .NET does only when it has ICU (or Windows) to ask.</summary>
internal static class Unicode
{
    // In globalization-invariant mode Normalize returns its input: "e" + combining acute must become one character.
    private static readonly bool Works = "e\u0301".Normalize(NormalizationForm.FormC).Length == 1;

    /// <exception cref="PlatformNotSupportedException">The text may change under normalisation and this process cannot normalise.</exception>
    public static string Composed(string text)
    {
        if (Works) return IsLatin1(text) ? text : Replaced(text).Normalize(NormalizationForm.FormC);
        return IsLatin1(text) ? text : throw new PlatformNotSupportedException(
            "Expected Unicode normalisation, which the tokenizer needs for text beyond Latin-1, but this process runs in globalization-invariant mode. "
            + "Set InvariantGlobalization to false (and DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=0) and make sure libicu is there.");
    }

    /// <summary>Latin-1 text is its own normalisation form C.</summary>
    private static bool IsLatin1(string text) => text.All(c => c < 0x100);

    /// <summary>Lone surrogates have no normal form; they become U+FFFD, as they would in UTF-8.</summary>
    private static string Replaced(string text)
        => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
}
