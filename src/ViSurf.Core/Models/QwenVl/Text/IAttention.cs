using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>
/// What the queries of one pass may see. Token-wise layers know rows only, one per valid token; here rows become sequences.
/// </summary>
internal interface IAttention
{
    /// <summary>Whether this is a step of decoding, one row per sequence.</summary>
    bool IsDecoding { get; }

    /// <summary>Softmax-weighted values of every query.</summary>
    /// <param name="layer">Index of the decoder layer.</param>
    /// <param name="query">[M, heads, d], turned by position; in a pass's last layer only of the rows that are asked for.</param>
    /// <param name="key">[M, key-value heads, d], turned by position.</param>
    /// <param name="value">[M, key-value heads, d].</param>
    /// <returns>[rows of query, heads · d].</returns>
    Tensor Mix(int layer, Tensor query, Tensor key, Tensor value);
}
