using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>
/// Cuts the rows of a step into micro-batches under a token budget. The result of the step does not depend on the cut; memory does.
/// </summary>
/// <remarks>
/// A group stays together when it fits, so that a policy computes its picture and prompt once; a group that does not fit is cut by
/// length. Longest first: a run that will not fit in memory says so at its first micro-batch.
/// </remarks>
/// <param name="tokens">
/// Budget: prompts × longest prompt + rows × longest completion. A single row may exceed it, since it cannot be cut.
/// </param>
/// <param name="rows">Most rows of a micro-batch.</param>
public sealed class MicroBatcher(int tokens, int rows = int.MaxValue)
{
    private readonly int _tokens = Guard.Positive(tokens);
    private readonly int _rows = Guard.Positive(rows);

    /// <summary>Every row exactly once, in micro-batches of at least one row, the most expensive group first.</summary>
    /// <param name="rows">Rows of any number of groups.</param>
    /// <param name="promptTokens">Length of each prompt, by <see cref="TrainingRow.PromptIndex"/>.</param>
    public IReadOnlyList<IReadOnlyList<TrainingRow>> Split(IReadOnlyList<TrainingRow> rows, IReadOnlyList<int> promptTokens)
    {
        Guard.NotNull(rows);
        Guard.NotNull(promptTokens);
        var pieces = rows.GroupBy(row => row.PromptIndex)
            .SelectMany(group => Pieces([.. group.OrderByDescending(row => row.Tokens)], promptTokens[group.Key]))
            .OrderByDescending(piece => piece.Cost)
            .ThenBy(piece => piece.Rows[0].PromptIndex);
        var batches = new List<List<TrainingRow>>();
        var open = default(Load);
        foreach (var piece in pieces)
        {
            var together = open.Plus(piece);
            var fits = batches.Count > 0 && together.Cost <= _tokens && together.Rows <= _rows;
            if (!fits) batches.Add([]);
            open = fits ? together : default(Load).Plus(piece);
            batches[^1].AddRange(piece.Rows);
        }
        return batches;
    }

    private IEnumerable<Piece> Pieces(TrainingRow[] group, int promptTokens)
    {
        var start = 0;
        while (start < group.Length)
        {
            var longest = group[start].Tokens;
            var affordable = Math.Max(1, Math.Min(_rows, (_tokens - promptTokens) / longest));
            var end = Math.Min(group.Length, start + affordable);
            yield return new Piece(group[start..end], promptTokens, longest);
            start = end;
        }
    }

    private sealed record Piece(TrainingRow[] Rows, int Prompt, int Longest)
    {
        public long Cost => Prompt + (long)Rows.Length * Longest;
    }

    /// <summary>What a micro-batch would hold. Two pieces of one group count as two prompts: an upper bound, and rare.</summary>
    private readonly record struct Load(int Prompts, int LongestPrompt, int Rows, int LongestRow)
    {
        public long Cost => (long)Prompts * LongestPrompt + (long)Rows * LongestRow;

        public Load Plus(Piece piece) => new(
            Prompts + 1, Math.Max(LongestPrompt, piece.Prompt), Rows + piece.Rows.Length, Math.Max(LongestRow, piece.Longest));
    }
}
