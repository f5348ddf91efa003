namespace ViSurf.Core.Models.Tokens;

/// <summary>Byte-pair merges of a word of any length in n·log n: the lowest rank first, the leftmost among equals.</summary>
internal sealed class BytePairMerger
{
    private readonly int[] _bytes;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;

    /// <param name="vocabulary">Byte-level entries and their ids.</param>
    /// <param name="merges">Pairs in order of rank, "left right".</param>
    public BytePairMerger(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<string> merges)
    {
        _bytes = ByteLetters.All.Select(letter => vocabulary[letter.ToString()]).ToArray();
        _merges = new(merges.Count);
        foreach (var merge in merges)
        {
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            var (left, right) = (merge[..space], merge[(space + 1)..]);
            _merges.Add((vocabulary[left], vocabulary[right]), (_merges.Count, vocabulary[left + right]));
        }
    }

    public void Merge(ReadOnlySpan<byte> word, List<int> into)
    {
        var (ids, next, previous) = (new int[word.Length], new int[word.Length], new int[word.Length]);
        var queue = new PriorityQueue<(int Left, int Id), long>(word.Length);
        for (var i = 0; i < word.Length; i++)
            (ids[i], next[i], previous[i]) = (_bytes[word[i]], i + 1 < word.Length ? i + 1 : -1, i - 1);
        for (var i = 0; i + 1 < word.Length; i++) Offer(i);
        while (queue.TryDequeue(out var pair, out _))
        {
            var (left, right) = (pair.Left, next[pair.Left]);
            // Merged away since, or another pair by now.
            if (ids[left] < 0 || right < 0 || !_merges.TryGetValue((ids[left], ids[right]), out var merge) || merge.Id != pair.Id) continue;
            (ids[left], ids[right]) = (merge.Id, -1);
            next[left] = next[right];
            if (next[left] >= 0)
            {
                previous[next[left]] = left;
                Offer(left);
            }
            if (previous[left] >= 0) Offer(previous[left]);
        }
        for (var i = 0; i >= 0 && word.Length > 0; i = next[i]) into.Add(ids[i]);

        void Offer(int left)
        {
            if (_merges.TryGetValue((ids[left], ids[next[left]]), out var merge))
                queue.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
        }
    }
}
