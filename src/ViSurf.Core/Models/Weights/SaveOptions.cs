using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>How a checkpoint directory is written.</summary>
public sealed record SaveOptions
{
    /// <summary>Largest size of one weight file in bytes; a tensor that is larger gets a file of its own.</summary>
    /// <value>5 GB, as in most published checkpoints.</value>
    public long MaxShardBytes { get; init => field = Guard.Positive(value, nameof(MaxShardBytes)); } = 5_000_000_000;

    /// <summary>
    /// Replaces a checkpoint directory that this library did not write, or that has got other files since: all its files go. One with
    /// folders in it, or without the configuration of a checkpoint, is never replaced.
    /// </summary>
    /// <value>false.</value>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Tokens that ended answers in training, where a sampler was told others than <c>QwenPromptEncoder.StopIds</c>: <c>eos_token_id</c> of
    /// the saved generation_config.json names them too.
    /// </summary>
    /// <value>None: the end of a chat turn and what the directory named, which is the encoder's list.</value>
    public IReadOnlyList<int> StopIds { get; init => field = [.. Guard.NotNull(value)
        .Select(id => Guard.NotNegative(id, nameof(StopIds)))]; } = [];

    /// <summary>dtype of the stored weights, in which <c>config.json</c> is brought to agree. For instance BFloat16 for what was trained in float32.</summary>
    /// <value>null: the dtype they have, so that nothing is rounded.</value>
    public ScalarType? Type
    {
        get;
        init => field = value is null or ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float64
            ? value
            : throw new ArgumentException($"Expected a floating-point dtype for the stored weights, got {value}.", nameof(Type));
    }
}
