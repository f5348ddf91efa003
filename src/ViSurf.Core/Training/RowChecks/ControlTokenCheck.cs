using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>
/// No text of the row spells a token that steers conversations. It would be encoded as text, which is safe and hardly what the row means.
/// </summary>
/// <param name="encoder">Knows the tokens; null: not looked at.</param>
/// <param name="demonstrations">Writes the label as it would join a group.</param>
internal sealed class ControlTokenCheck(IPromptEncoder? encoder, DemonstrationInjector demonstrations) : IRowCheck
{
    public void Look(RowFindings row)
    {
        if (encoder is null) return;
        foreach (var turn in row.Example.Turns)
            if (Spelled(string.Concat(turn.Parts.Select(part => part.Text))) is { } token)
                row.Problem($"its {turn.Role} turn spells the control token '{token}', which is encoded as text. Remove it, "
                    + "or load the encoder with ControlTokensInRows.AsTokens where rows are meant to write turns");
        row.Attempt("its label cannot be written", () =>
        {
            if (demonstrations.Text(row.Example) is { } label && Spelled(label) is { } token)
                row.Problem($"its label spells the control token '{token}', which would be taught as text. Remove it");
        });
    }

    private string? Spelled(string text) => encoder!.ControlTokens.FirstOrDefault(token => text.Contains(token, StringComparison.Ordinal));
}
