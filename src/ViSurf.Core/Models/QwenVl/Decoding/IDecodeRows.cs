using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>Rows that are being decoded: what they have read, and how the next token is computed. Owns its tensors.</summary>
internal interface IDecodeRows : IDisposable
{
    /// <summary>Tokens that each row has written.</summary>
    IReadOnlyList<int> Ages { get; }

    /// <summary>Adds the rows of prompts that have just been read.</summary>
    /// <param name="arrival">Stays the caller's, but for its keys and values, which may be taken over.</param>
    void Add(Arrival arrival);

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    /// <param name="index">The same, int64 on the rows' device.</param>
    void Keep(int[] rows, Tensor index);

    /// <summary>Reads one token of every row.</summary>
    /// <param name="tokens">int64 [R] on the rows' device.</param>
    /// <returns>[R, H], after the final norm.</returns>
    Tensor Step(Tensor tokens);
}
