using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Benchmarks;

/// <summary>Bytes that a decoding step cannot avoid reading: the decoder's weights and the head once, and the keys and values of what rows look at.</summary>
/// <param name="config">The model.</param>
/// <param name="elementBytes">Bytes of a number.</param>
internal sealed class DecodeBytes(QwenVlConfig config, int elementBytes)
{
    /// <summary>Weights of all layers and the head; of the embedding only a few rows are read.</summary>
    public double Weights
    {
        get
        {
            var t = config.Text;
            double hidden = t.HiddenSize, queries = (double)t.Heads * t.HeadSize, keys = (double)t.KeyValueHeads * t.HeadSize;
            var layer = 2 * hidden * queries + 2 * hidden * keys + 3 * hidden * t.IntermediateSize;
            return elementBytes * (t.Layers * layer + hidden * t.VocabularySize);
        }
    }

    /// <summary>Keys and values of that many tokens.</summary>
    public double Cache(double tokens) => 2.0 * elementBytes * config.Text.Layers * config.Text.KeyValueHeads * config.Text.HeadSize * tokens;

    /// <summary>One step, mean over a decoding.</summary>
    /// <param name="promptTokens">Tokens of each prompt.</param>
    /// <param name="group">Rows per prompt.</param>
    /// <param name="newTokens">Tokens of each row at the end; half of them have been written in the mean.</param>
    /// <param name="replicated">Whether each row reads a prompt of its own.</param>
    public double Step(IReadOnlyList<int> promptTokens, int group, int newTokens, bool replicated)
        => Weights + Cache((replicated ? group : 1) * (double)promptTokens.Sum() + promptTokens.Count * group * newTokens / 2.0);
}
