using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>How a checkpoint directory becomes a policy.</summary>
public sealed record QwenVlOptions
{
    /// <summary>Where the policy lives.</summary>
    /// <value>null: the CPU.</value>
    public Device? Device { get; init; }

    /// <summary>Dtype of the weights: Float32, BFloat16, or Float16 on CUDA.</summary>
    /// <value>Float32: AdamW at the usual learning rate of 1e-6 would be lost in bfloat16's rounding.</value>
    public ScalarType Type { get; init; } = ScalarType.Float32;

    /// <summary>Told after each tensor that has been read, from the threads that read.</summary>
    /// <value>null: nobody.</value>
    public IProgress<LoadProgress>? Progress { get; init; }
}
