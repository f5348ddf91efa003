using ViSurf.Core.Encoding;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Neighbouring rows of a pass.</summary>
/// <param name="Start">First row.</param>
/// <param name="Length">Number of rows.</param>
internal readonly record struct RowSpan(int Start, int Length);

/// <summary>Completions of one prompt, one after the other.</summary>
/// <param name="Prompt">Rows of the prompt they continue.</param>
/// <param name="Rows">Their own rows.</param>
/// <param name="Lengths">Rows of each completion, at least 1; sums to <paramref name="Rows"/>.</param>
internal sealed record Continuation(RowSpan Prompt, RowSpan Rows, IReadOnlyList<int> Lengths);

/// <summary>
/// Prompts and completions packed into rows, one per token that the decoder reads: every prompt once, then the completions of each
/// prompt without their last token (which is predicted, not read). No row is padding. Managed integers.
/// </summary>
internal sealed class GroupLayout
{
    private readonly List<long> _tokens = [], _predictors = [], _targets = [], _places = [], _images = [];
    private readonly List<long>[] _positions = [[], [], []];
    private readonly List<RowSpan> _prompts = [];
    private readonly List<Continuation> _continuations = [];
    private readonly List<long> _next = [];

    private GroupLayout()
    {
    }

    /// <summary>[M]: token ids that are read.</summary>
    public long[] Tokens => [.. _tokens];

    /// <summary>[3 · M]: time, height and width positions.</summary>
    public long[] Positions => [.. _positions.SelectMany(row => row)];

    /// <summary>Rows of image placeholders, in the order of the pictures' features.</summary>
    public long[] ImageRows => [.. _images];

    /// <summary>Rows of each prompt.</summary>
    public IReadOnlyList<RowSpan> Prompts => _prompts;

    /// <summary>Position of the first token after each prompt.</summary>
    public IReadOnlyList<long> Next => _next;

    /// <summary>Completions by prompt; prompts whose completions have one token each have none to read.</summary>
    public IReadOnlyList<Continuation> Continuations => _continuations;

    /// <summary>The row whose hidden state predicts each completion token.</summary>
    public long[] Predictors => [.. _predictors];

    /// <summary>The completion tokens that are predicted.</summary>
    public long[] Targets => [.. _targets];

    /// <summary>Where each of them stands in the [N, T] batch, flattened.</summary>
    public long[] Places => [.. _places];

    /// <summary>Prompts alone.</summary>
    public static GroupLayout Of(IReadOnlyList<EncodedPrompt> prompts, QwenVlConfig config)
    {
        var layout = new GroupLayout();
        foreach (var prompt in prompts) layout.Add(prompt, config);
        return layout;
    }

    /// <summary>Prompts and their completions.</summary>
    public static GroupLayout Of(SequenceBatch batch, QwenVlConfig config)
    {
        var layout = Of(batch.Prompts.Prompts, config);
        var ids = batch.CompletionIds.data<long>().ToArray();
        var mask = batch.CompletionMask.data<bool>().ToArray();
        var index = batch.PromptIndex.data<long>().ToArray();
        var width = index.Length == 0 ? 0 : ids.Length / index.Length;
        foreach (var group in Enumerable.Range(0, index.Length).GroupBy(n => (int)index[n]).OrderBy(g => g.Key))
            layout.Add(group.Key, [.. group], ids, mask, width);
        return layout;
    }

    private void Add(EncodedPrompt prompt, QwenVlConfig config)
    {
        var index = RopeIndex.Of(prompt, config);
        _prompts.Add(new RowSpan(_tokens.Count, prompt.TokenIds.Count));
        _next.Add(index.Next);
        for (var i = 0; i < prompt.TokenIds.Count; i++)
        {
            if (prompt.Grids.Count > 0 && prompt.TokenIds[i] == config.ImageTokenId) _images.Add(_tokens.Count);
            _tokens.Add(prompt.TokenIds[i]);
        }
        _positions[0].AddRange(index.Time);
        _positions[1].AddRange(index.Height);
        _positions[2].AddRange(index.Width);
    }

    private void Add(int prompt, int[] rows, long[] ids, bool[] mask, int width)
    {
        var (start, lengths) = (_tokens.Count, new List<int>());
        foreach (var n in rows)
        {
            var length = Enumerable.Range(n * width, width).Count(i => mask[i]);
            for (var t = 0; t < length; t++)
            {
                _predictors.Add(t == 0 ? _prompts[prompt].Start + _prompts[prompt].Length - 1 : _tokens.Count - 1);
                _targets.Add(ids[n * width + t]);
                _places.Add(n * width + t);
                if (t == length - 1) continue;
                _tokens.Add(ids[n * width + t]);
                foreach (var row in _positions) row.Add(_next[prompt] + t);
            }
            if (length > 1) lengths.Add(length - 1);
        }
        if (lengths.Count > 0) _continuations.Add(new Continuation(_prompts[prompt], new RowSpan(start, _tokens.Count - start), lengths));
    }
}
