using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Training;

/// <summary>
/// Cuts the rows of a step into micro-batches under a token budget. The result of the step does not depend on the cut; memory does.
/// </summary>
/// <remarks>
/// A group stays together when it fits, so that a policy computes its picture and prompt once; a group that does not fit is cut by
/// length. Longest first: a run that will not fit in memory says so at its first micro-batch.
/// </remarks>
/// <param name="tokens">Budget, counted as <paramref name="layout"/> says, a prompt once. A single row may exceed it, since it cannot be cut.</param>
/// <param name="rows">Most rows of a micro-batch.</param>
/// <param name="layout">The policy's, <see cref="IPolicy.Layout"/>.</param>
public sealed class MicroBatcher(int tokens, int rows = int.MaxValue, SequenceLayout layout = SequenceLayout.Padded)
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
            .SelectMany(group => Pieces(group.OrderByDescending(row => row.Tokens), Load.OfPrompt(promptTokens[group.Key])))
            .OrderByDescending(piece => piece.Load.Cost(layout))
            .ThenBy(piece => piece.Rows[0].PromptIndex);
        var batches = new List<Piece>();
        foreach (var piece in pieces)
        {
            var together = batches.Count > 0 ? batches[^1].Load.Plus(piece.Load) : piece.Load;
            if (batches.Count > 0 && Fits(together)) batches[^1] = new Piece([.. batches[^1].Rows, .. piece.Rows], together);
            else batches.Add(piece);
        }
        return [.. batches.Select(batch => batch.Rows)];
    }

    /// <summary>A group in as few pieces as the budget allows.</summary>
    private List<Piece> Pieces(IEnumerable<TrainingRow> longestFirst, Load prompt)
    {
        var pieces = new List<Piece>();
        foreach (var row in longestFirst)
        {
            var together = (pieces.Count > 0 ? pieces[^1].Load : prompt).Plus(Load.OfRow(row.Tokens));
            if (pieces.Count > 0 && Fits(together)) pieces[^1] = new Piece([.. pieces[^1].Rows, row], together);
            else pieces.Add(new Piece([row], prompt.Plus(Load.OfRow(row.Tokens))));
        }
        return pieces;
    }

    private bool Fits(Load load) => load.Cost(layout) <= _tokens && load.Rows <= _rows;

    private sealed record Piece(IReadOnlyList<TrainingRow> Rows, Load Load);

    /// <summary>What a micro-batch would hold. Two pieces of one group count as two prompts: an upper bound, and rare.</summary>
    private readonly record struct Load(int Prompts, long PromptTokens, int LongestPrompt, int Rows, long RowTokens, int LongestRow)
    {
        public static Load OfPrompt(int tokens) => new(1, tokens, tokens, 0, 0, 0);

        public static Load OfRow(int tokens) => new(0, 0, 0, 1, tokens, tokens);

        public long Cost(SequenceLayout layout) => layout == SequenceLayout.Packed
            ? PromptTokens + RowTokens
            : (long)Prompts * LongestPrompt + (long)Rows * LongestRow;

        public Load Plus(Load other) => new(
            Prompts + other.Prompts, PromptTokens + other.PromptTokens, Math.Max(LongestPrompt, other.LongestPrompt),
            Rows + other.Rows, RowTokens + other.RowTokens, Math.Max(LongestRow, other.LongestRow));
    }
}
