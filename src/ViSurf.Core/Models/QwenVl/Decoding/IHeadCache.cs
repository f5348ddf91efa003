using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values as the fused step uses them: it writes a layer's values, keys and queries in one go where the cache says, and gets back
/// what attention makes of them. Owns its tensors.
/// </summary>
internal interface IHeadCache : IDisposable
{
    /// <summary>Tokens that each row has written.</summary>
    IReadOnlyList<int> Ages { get; }

    /// <summary>Adds the rows of prompts that have just been read.</summary>
    /// <param name="arrival">Stays the caller's, but for its keys and values, which may be taken over.</param>
    void Add(Arrival arrival);

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    /// <param name="index">The same, int64 on the cache's device.</param>
    void Keep(int[] rows, Tensor index);

    /// <summary>Makes room for one more token of every row.</summary>
    void BeginStep();

    /// <summary>
    /// Where a layer's values, keys and queries of this step go, [R, 2 · key-value heads + heads, d] in that order: a view.
    /// </summary>
    Tensor Place(int layer);

    /// <summary>Softmax-weighted values of what has been written there, [R, heads · d].</summary>
    Tensor Mix(int layer);
}
