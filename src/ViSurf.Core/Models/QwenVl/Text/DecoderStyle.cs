using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>What a family's decoder does its own way.</summary>
/// <param name="Attention">Makes the attention of a layer.</param>
/// <param name="RopeRows">One of <see cref="Text.RopeRows"/>.</param>
internal sealed record DecoderStyle(Func<QwenTextConfig, int, ScalarType, Device, IDecoderAttention> Attention, Func<QwenTextConfig, long[]> RopeRows);
