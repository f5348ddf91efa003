using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Vision;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Floating-point operations of a group that is computed once: matrix products only, two operations per multiply-add, each picture and
/// prompt once, valid tokens only, and of a prompt's rows that predict nothing (all but its last) only keys and values in the last layer,
/// since no more of them is ever asked for. Softmax, norms and the optimizer are left out.
/// </summary>
internal sealed class Flops(QwenVlConfig config)
{
    /// <summary>A backward pass has two products for each of the forward's: one for the input's gradient, one for the weight's.</summary>
    private const double ForwardAndBackward = 3;

    /// <summary>What one token costs in the linear layers of one decoder layer.</summary>
    private LayerCost Layer
    {
        get
        {
            var (hidden, inner) = ((double)config.Text.HiddenSize, (double)config.Text.IntermediateSize);
            return new LayerCost(hidden * Queries, 2 * hidden * Keys, Queries * hidden + 3 * hidden * inner);
        }
    }

    /// <summary>What adapters on all of them add to it: A and B, rank times (width in + width out).</summary>
    private LayerCost Adapters(int rank)
    {
        var (hidden, inner) = ((double)config.Text.HiddenSize, (double)config.Text.IntermediateSize);
        return new LayerCost(rank * (hidden + Queries), 2 * rank * (hidden + Keys), rank * (Queries + hidden + 3 * (hidden + inner)));
    }

    private double Queries => (double)config.Text.Heads * config.Text.HeadSize;

    private double Keys => (double)config.Text.KeyValueHeads * config.Text.HeadSize;

    /// <summary>The vision tower with its mergers.</summary>
    public double Vision(IReadOnlyList<PatchGrid> grids)
    {
        if (grids.Count == 0) return 0;
        var v = Tower;
        var layout = VisionLayout.Of(grids, v.SpatialMergeSize);
        double patches = layout.Rows.Length, width = v.HiddenSize, joined = width * v.SpatialMergeSize * v.SpatialMergeSize;
        // Gate, up and down in Qwen2.5-VL, up and down in the others.
        var windowed = config.ModelType == "qwen2_5_vl";
        var linear = patches * v.Depth * (4 * width * width + (windowed ? 3 : 2) * width * v.IntermediateSize);
        // Queries times keys, then weights times values, inside each segment.
        double Attended(int[] segments) => segments.Sum(s => 2.0 * width * s * s);
        var full = windowed ? v.FullAttentionBlocks.Count : v.Depth;
        var attention = full * Attended(layout.Frames);
        if (full < v.Depth) attention += (v.Depth - full) * Attended(WindowLayout.Of(grids, v).Lengths);
        var cells = patches / (v.SpatialMergeSize * v.SpatialMergeSize);
        var mergers = (1 + v.DeepstackBlocks.Count) * cells * (joined * joined + joined * v.OutputSize);
        return PatchEmbedding(grids) + 2 * (linear + attention + mergers);
    }

    /// <summary>Tokens first … first + count − 1 of one sequence through the decoder; token i looks at i + 1 keys.</summary>
    public double Decoder(long first, long count) => Linear(count) + Attention(first, count);

    /// <summary>The head on that many positions.</summary>
    public double Head(long positions) => 2.0 * positions * config.Text.HiddenSize * config.Text.VocabularySize;

    /// <summary>One group, forward: picture and prompt once, then each completion after it (its last token is predicted, not read).</summary>
    public double Group(IReadOnlyList<PatchGrid> grids, int promptTokens, IEnumerable<int> completionTokens)
        => Vision(grids) + Decoder(0, promptTokens) - NotAsked(grids, promptTokens)
            + completionTokens.Sum(n => Decoder(promptTokens, n - 1) + Head(n));

    /// <summary>One group, forward and backward, in a step that has rolled it out before.</summary>
    /// <param name="grids">Its pictures.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="completionTokens">Tokens of each completion.</param>
    /// <param name="rank">
    /// Of adapters on the decoder's linear layers, when only they train: the tower does not run, since the rollout's features are kept, no
    /// frozen weight has a gradient, and nothing flows back through the first layer's query, key and value. Null when everything trains;
    /// the pixels have no gradient then.
    /// </param>
    public double Update(IReadOnlyList<PatchGrid> grids, int promptTokens, IReadOnlyCollection<int> completionTokens, int? rank)
    {
        if (rank is not { } r) return ForwardAndBackward * Group(grids, promptTokens, completionTokens) - PatchEmbedding(grids);
        var tokens = promptTokens + completionTokens.Sum(n => n - 1L);
        var unasked = Unasked(grids, promptTokens);
        var attention = Attention(0, promptTokens) - Attention(0, unasked) / config.Text.Layers
            + completionTokens.Sum(n => Attention(promptTokens, n - 1));
        var (frozen, adapters) = (Layer, Adapters(r));
        double Forward(LayerCost cost) => 2 * (config.Text.Layers * tokens * cost.All - unasked * cost.OfAsked);
        // In a decoder of one layer the first is the last, too.
        var queried = config.Text.Layers == 1 ? tokens - unasked : tokens;
        var stopped = 2 * (queried * frozen.Query + tokens * frozen.KeyValue);
        var intoA = 2.0 * r * config.Text.HiddenSize * (queried + 2 * tokens);
        return 2 * Forward(frozen) - stopped + ForwardAndBackward * Forward(adapters) - intoA
            + 2 * Head(completionTokens.Sum(n => (long)n)) + ForwardAndBackward * attention;
    }

    /// <summary>
    /// Rows of a prompt of which the last layer makes keys and values only; none where features are added after that layer.
    /// </summary>
    private long Unasked(IReadOnlyList<PatchGrid> grids, int promptTokens)
        => grids.Count > 0 && Tower.DeepstackBlocks.Count >= config.Text.Layers ? 0 : promptTokens - 1;

    /// <summary>What the last layer does not do for them.</summary>
    private double NotAsked(IReadOnlyList<PatchGrid> grids, int promptTokens)
    {
        var rows = Unasked(grids, promptTokens);
        return 2 * rows * Layer.OfAsked + Attention(0, rows) / config.Text.Layers;
    }

    private QwenVisionConfig Tower => config.Vision ?? throw new InvalidOperationException($"Expected a configuration with a vision tower, got '{config.ModelType}'.");

    private double PatchEmbedding(IReadOnlyList<PatchGrid> grids)
        => grids.Count == 0 ? 0 : 2.0 * grids.Sum(g => (double)g.Patches) * Tower.PatchWidth * Tower.HiddenSize;

    private double Linear(long tokens) => 2.0 * config.Text.Layers * tokens * Layer.All;

    private double Attention(long first, long count) => 2.0 * config.Text.Layers * 2 * Queries * (count * (first + 1) + count * (count - 1) / 2.0);

    /// <summary>Multiply-adds of one token in the linear layers of one decoder layer.</summary>
    /// <param name="Query">The query's.</param>
    /// <param name="KeyValue">Those of key and value.</param>
    /// <param name="Others">Those of the attention's output and the MLP.</param>
    private readonly record struct LayerCost(double Query, double KeyValue, double Others)
    {
        public double All => Query + KeyValue + Others;

        /// <summary>Only for rows whose output is asked for.</summary>
        public double OfAsked => Query + Others;
    }
}
