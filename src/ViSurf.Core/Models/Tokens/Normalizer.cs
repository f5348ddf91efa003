using System.Text;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Brings text to Unicode normalisation forms, one after the other, as the reference does.</summary>
/// <param name="forms">The forms; none leaves the text as it is.</param>
internal sealed class Normalizer(IReadOnlyList<NormalizationForm> forms)
{
    // In globalization-invariant mode Normalize returns its input: "e" + combining acute must become one character.
    private static readonly bool Works = "e\u0301".Normalize(NormalizationForm.FormC).Length == 1;

    /// <param name="text">A text without lone surrogates.</param>
    /// <exception cref="PlatformNotSupportedException">
    /// The text may change under normalisation and this process cannot normalise.
    /// </exception>
    public string Apply(string text)
    {
        foreach (var form in forms)
        {
            // Below U+0300 text is its own form C, and ASCII any form.
            var plain = form == NormalizationForm.FormC ? '\u0300' : '\u0080';
            if (text.AsSpan().IndexOfAnyInRange(plain, '\uFFFF') >= 0) text = Apply(text, form);
        }
        return text;
    }

    private static string Apply(string text, NormalizationForm form)
    {
        if (!Works)
            throw new PlatformNotSupportedException(
                "Expected Unicode normalisation, which the tokenizer needs for text beyond Latin letters, but this process runs in "
                + "globalization-invariant mode. "
                + "Set InvariantGlobalization to false (and DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=0) and make sure libicu is there.");
        StringBuilder? written = null;
        var start = 0;
        for (var at = 0; at < text.Length;)
        {
            var rune = Rune.GetRuneAt(text, at);
            var end = at + rune.Utf16SequenceLength;
            if (Unassigned.Contains(rune.Value))
            {
                written = (written ?? new StringBuilder(text.Length)).Append(text[start..at].Normalize(form)).Append(text, at, end - at);
                start = end;
            }
            at = end;
        }
        return written is null ? text.Normalize(form) : written.Append(text[start..].Normalize(form)).ToString();
    }
}
