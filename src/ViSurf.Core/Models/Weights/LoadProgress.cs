namespace ViSurf.Core.Models.Weights;

/// <summary>How far loading has come; one report per tensor, in order of <paramref name="BytesDone"/>.</summary>
/// <param name="Tensor">The tensor that has just been read, by its name in the file.</param>
/// <param name="BytesDone">Bytes of the files' tensors read so far, this one included.</param>
/// <param name="BytesTotal">Bytes of all tensors that will be read.</param>
public sealed record LoadProgress(string Tensor, long BytesDone, long BytesTotal);
