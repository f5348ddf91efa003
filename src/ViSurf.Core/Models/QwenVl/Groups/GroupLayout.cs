using ViSurf.Core.Encoding;

namespace ViSurf.Core.Models.QwenVl.Groups;

/// <summary>Neighbouring rows of a pass.</summary>
/// <param name="Start">First row.</param>
/// <param name="Length">Number of rows.</param>
internal readonly record struct RowSpan(int Start, int Length);

/// <summary>Completions of one prompt, one after the other.</summary>
/// <param name="Prompt">Index of the prompt they continue.</param>
/// <param name="PromptRows">Its rows.</param>
/// <param name="Lengths">Rows of each completion, at least 1.</param>
internal sealed record Continuation(int Prompt, int PromptRows, IReadOnlyList<int> Lengths)
{
    /// <summary>Rows of all of them.</summary>
    public int Rows { get; } = Lengths.Sum();
}

/// <summary>
/// Prompts and completions packed into rows, one per token that the decoder reads: every prompt once, then the completions of each
/// prompt without their last token (which is predicted, not read). No row is padding. Managed integers; what is asked for is not copied.
/// </summary>
internal sealed class GroupLayout
{
    private GroupLayout(Rows rows)
    {
        var read = rows.Prompts.Sum(p => p.Length);
        (Tokens, Positions, ImageRows) = ([.. rows.Tokens], [.. rows.Positions.SelectMany(row => row)], [.. rows.Images]);
        (Prompts, Next, Continuations) = (rows.Prompts, rows.Next, rows.Continuations);
        (Predictors, Targets, Places) = ([.. rows.Predictors], [.. rows.Targets], [.. rows.Places]);
        Asked = [.. Prompts.Select(p => p.Start + p.Length - 1L), .. Enumerable.Range(read, Tokens.Length - read).Select(row => (long)row)];
    }

    /// <summary>[M]: token ids that are read.</summary>
    public long[] Tokens { get; }

    /// <summary>[3 · M]: time, height and width positions.</summary>
    public long[] Positions { get; }

    /// <summary>Rows of image placeholders, in the order of the pictures' features.</summary>
    public long[] ImageRows { get; }

    /// <summary>Rows of each prompt.</summary>
    public IReadOnlyList<RowSpan> Prompts { get; }

    /// <summary>Position of the first token after each prompt.</summary>
    public IReadOnlyList<long> Next { get; }

    /// <summary>Completions by prompt; prompts whose completions have one token each have none to read.</summary>
    public IReadOnlyList<Continuation> Continuations { get; }

    /// <summary>Rows that predict something: the last of every prompt, then all of the completions.</summary>
    public long[] Asked { get; }

    /// <summary>Which of the <see cref="Asked"/> predicts each completion token.</summary>
    public long[] Predictors { get; }

    /// <summary>The completion tokens that are predicted.</summary>
    public long[] Targets { get; }

    /// <summary>Where each of them stands in the [N, T] batch, flattened.</summary>
    public long[] Places { get; }

    /// <summary>Prompts alone.</summary>
    public static GroupLayout Of(IReadOnlyList<EncodedPrompt> prompts, QwenVlConfig config) => new(Rows.Of(prompts, config));

    /// <summary>Prompts and their completions.</summary>
    public static GroupLayout Of(SequenceBatch batch, QwenVlConfig config)
    {
        var rows = Rows.Of(batch.Prompts.Prompts, config);
        var ids = batch.CompletionIds.data<long>().ToArray();
        var mask = batch.CompletionMask.data<bool>().ToArray();
        var index = batch.PromptIndex.data<long>().ToArray();
        var width = index.Length == 0 ? 0 : ids.Length / index.Length;
        foreach (var group in Enumerable.Range(0, index.Length).GroupBy(n => (int)index[n]).OrderBy(g => g.Key))
            rows.Add(group.Key, [.. group], ids, mask, width);
        return new GroupLayout(rows);
    }

    /// <summary>The rows while they are being laid out.</summary>
    private sealed class Rows
    {
        private int _promptRows;

        public List<long> Tokens { get; } = [];

        public List<long> Predictors { get; } = [];

        public List<long> Targets { get; } = [];

        public List<long> Places { get; } = [];

        public List<long> Images { get; } = [];

        public List<long> Next { get; } = [];

        public List<long>[] Positions { get; } = [[], [], []];

        public List<RowSpan> Prompts { get; } = [];

        public List<Continuation> Continuations { get; } = [];

        public static Rows Of(IReadOnlyList<EncodedPrompt> prompts, QwenVlConfig config)
        {
            var rows = new Rows();
            foreach (var prompt in prompts) rows.Add(prompt, config);
            rows._promptRows = rows.Tokens.Count;
            return rows;
        }

        public void Add(int prompt, int[] group, long[] ids, bool[] mask, int width)
        {
            var lengths = new List<int>();
            foreach (var n in group)
            {
                var length = mask.AsSpan(n * width, width).Count(true);
                for (var t = 0; t < length; t++)
                {
                    // Among the rows that are asked for, one stands for each prompt.
                    Predictors.Add(t == 0 ? prompt : Prompts.Count + Tokens.Count - _promptRows - 1);
                    Targets.Add(ids[n * width + t]);
                    Places.Add(n * width + t);
                    if (t == length - 1) continue;
                    Tokens.Add(ids[n * width + t]);
                    foreach (var row in Positions) row.Add(Next[prompt] + t);
                }
                if (length > 1) lengths.Add(length - 1);
            }
            if (lengths.Count > 0) Continuations.Add(new Continuation(prompt, Prompts[prompt].Length, lengths));
        }

        private void Add(EncodedPrompt prompt, QwenVlConfig config)
        {
            var index = RopeIndex.Of(prompt, config);
            Prompts.Add(new RowSpan(Tokens.Count, prompt.TokenIds.Count));
            Next.Add(index.Next);
            for (var i = 0; i < prompt.TokenIds.Count; i++)
            {
                if (prompt.Grids.Count > 0 && prompt.TokenIds[i] == config.ImageTokenId) Images.Add(Tokens.Count);
                Tokens.Add(prompt.TokenIds[i]);
            }
            Positions[0].AddRange(index.Time);
            Positions[1].AddRange(index.Height);
            Positions[2].AddRange(index.Width);
        }
    }
}
