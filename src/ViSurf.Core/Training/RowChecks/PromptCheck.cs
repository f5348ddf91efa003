using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>The prompt can be encoded, which decodes its pictures to the last pixel, and is short enough.</summary>
/// <param name="encoder">Null: prompts are not looked at.</param>
/// <param name="maxPromptTokens">Longest prompt.</param>
internal sealed class PromptCheck(IPromptEncoder? encoder, int maxPromptTokens) : IRowCheck
{
    public void Look(RowFindings row)
    {
        if (encoder is null || !row.PicturesFit) return;
        row.Attempt("its prompt cannot be used", () =>
        {
            // Its label is another check's.
            foreach (var prompt in Prompts.Encode(encoder, [row.Example with { Target = null }], maxPromptTokens)) prompt.Dispose();
        });
    }
}
