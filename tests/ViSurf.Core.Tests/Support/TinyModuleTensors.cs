using System.Text.Json;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>Tensors from and to plain numbers.</summary>
internal static class TinyTensors
{
    /// <summary>A JSON table as float64 [rows, columns].</summary>
    public static Tensor Table(JsonElement rows)
    {
        var values = rows.EnumerateArray().Select(Numbers).ToArray();
        return tensor(values.SelectMany(row => row).ToArray(), [values.Length, values[0].Length]);
    }

    /// <summary>A JSON list of numbers.</summary>
    public static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(x => x.GetDouble())];

    /// <summary>bool [N, T], the first <c>lengths[n]</c> columns true.</summary>
    public static Tensor Mask(IReadOnlyList<long> lengths, long width)
        => tensor(lengths.SelectMany(length => Enumerable.Range(0, (int)width).Select(t => t < length)).ToArray(), [lengths.Count, width]);

    /// <summary>All numbers, row by row, as float64.</summary>
    public static double[] Values(this Tensor tensor)
    {
        using var copy = tensor.detach().to(ScalarType.Float64).cpu().contiguous();
        return copy.data<double>().ToArray();
    }
}
