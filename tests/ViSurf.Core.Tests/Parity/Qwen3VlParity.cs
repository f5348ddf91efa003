namespace ViSurf.Core.Tests.Parity;

/// <summary>Qwen3-VL against transformers.</summary>
public sealed class Qwen3VlParity : ModelParity<Qwen3VlParity>, IArchitecture
{
    /// <inheritdoc/>
    public static string ModelType => "qwen3_vl";
}
