using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Models.QwenVl.Vision;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>One generation of models: everything that it does its own way. <see cref="QwenFamilies"/> lists them.</summary>
internal sealed record QwenFamily
{
    /// <summary><c>model_type</c> of config.json.</summary>
    public required string ModelType { get; init; }

    /// <summary>transformers' class defaults, for keys that a file leaves out.</summary>
    public required QwenVlConfig Defaults { get; init; }

    /// <summary>What the decoder does its own way.</summary>
    public required DecoderStyle Decoder { get; init; }

    /// <summary>Makes the vision tower; null for a family that reads no pictures.</summary>
    public Func<QwenVisionConfig, ScalarType, Device, IVisionTower>? Tower { get; init; }

    /// <summary>Corrects what was read of <c>vision_config</c> where the family's keys mean something else.</summary>
    public Func<JsonSettings, QwenVisionConfig, QwenVisionConfig> AdjustVision { get; init; } = (_, config) => config;

    /// <summary>Tensor names of the published checkpoints.</summary>
    public required QwenVlNames Names { get; init; }

    /// <summary>In which frame the published checkpoints read and write coordinates.</summary>
    public CoordinateFrame Coordinates { get; init; } = CoordinateFrame.Thousandths;

    /// <summary>How a conversation is written where the directory holds no chat template.</summary>
    public required QwenChat Chat { get; init; }

    /// <summary>What this family can and cannot be configured to do.</summary>
    public required QwenOptions Options { get; init; }
}

/// <summary>The options of a config.json that have one value in a family.</summary>
/// <param name="VisionActivation"><c>vision_config.hidden_act</c>; null without a tower.</param>
/// <param name="FixedHeadSize">Class default of <c>head_dim</c>; null where it is hidden size / heads.</param>
/// <param name="Interleaved"><c>mrope_interleaved</c>.</param>
/// <param name="QueryBias">Whether query, key and value have biases; null where the file has no such option.</param>
internal sealed record QwenOptions(string? VisionActivation, int? FixedHeadSize = null, bool Interleaved = false, bool? QueryBias = null);
