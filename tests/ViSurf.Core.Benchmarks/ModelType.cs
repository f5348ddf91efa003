using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>The dtypes that a benchmark may use, as transformers spells them.</summary>
internal static class ModelType
{
    /// <param name="name">As typed.</param>
    /// <param name="option">The option it was typed after, for the message.</param>
    /// <exception cref="ArgumentException">Another name.</exception>
    public static ScalarType Parse(string name, string option = "--dtype") => name switch
    {
        "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        _ => throw new ArgumentException($"Expected {option} float32 or bfloat16, got '{name}'."),
    };

    public static string Name(ScalarType type) => type == ScalarType.BFloat16 ? "bfloat16" : "float32";
}
