namespace ViSurf.Core.Tests.Parity;

/// <summary>Qwen2.5-VL against transformers.</summary>
public sealed class Qwen25VlParity : ModelParity<Qwen25VlParity>, IArchitecture
{
    /// <inheritdoc/>
    public static string ModelType => "qwen2_5_vl";
}
