namespace ViSurf.Core.Tests.Parity;

/// <summary>Qwen2-VL against transformers.</summary>
public sealed class Qwen2VlParity : ModelParity<Qwen2VlParity>, IArchitecture
{
    /// <inheritdoc/>
    public static string ModelType => "qwen2_vl";
}
