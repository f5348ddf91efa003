using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Names of dtypes in safetensors headers.</summary>
internal static class SafeTensorsTypes
{
    private static readonly (string Name, ScalarType Type, int Size)[] Known =
    [
        ("F32", ScalarType.Float32, 4), ("BF16", ScalarType.BFloat16, 2), ("F16", ScalarType.Float16, 2),
        ("F64", ScalarType.Float64, 8), ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4),
        ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>The dtype, and its bytes per element.</summary>
    public static (ScalarType Type, int Size) Parse(string? name, string path, string tensor)
        => Known.FirstOrDefault(k => k.Name == name) is { Name: not null } known
            ? (known.Type, known.Size)
            : throw new InvalidDataException(
                $"Expected a dtype of {string.Join(", ", Known.Select(k => k.Name))} for tensor '{Excerpt.Of(tensor)}', "
                    + $"got {(name is null ? "no text" : $"'{Excerpt.Of(name)}'")}, in the header of '{path}'. "
                + "Quantised checkpoints must be converted to BF16, F16 or F32 first.");

    public static string Name(ScalarType type) => Find(type).Name;

    public static int Size(ScalarType type) => Find(type).Size;

    private static (string Name, ScalarType Type, int Size) Find(ScalarType type)
        => Known.FirstOrDefault(k => k.Type == type) is { Name: not null } known
            ? known
            : throw new ArgumentException($"Expected a dtype that safetensors can hold, got {type}.", nameof(type));
}
