using System.Collections;

namespace ViSurf.Core.Evaluation;

/// <summary>Tokens of which only the number is known: those of a completion that was read from a file.</summary>
/// <param name="count">How many.</param>
internal sealed class CountedTokens(int count) : IReadOnlyList<int>
{
    public int Count => count;

    public int this[int index] => throw Unknown();

    public IEnumerator<int> GetEnumerator() => throw Unknown();

    IEnumerator IEnumerable.GetEnumerator() => throw Unknown();

    private static InvalidOperationException Unknown()
        => new("Expected a completion with its token ids, got one from a file of predictions, which keeps their number only. Read its Text, or answer again with an Evaluator.");
}
