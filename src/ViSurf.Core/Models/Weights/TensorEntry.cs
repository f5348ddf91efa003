using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Where one tensor lies in a safetensors file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its dtype in the file.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Bytes">Number of bytes.</param>
public sealed record TensorEntry(string Name, ScalarType Type, IReadOnlyList<long> Shape, long Offset, long Bytes);
