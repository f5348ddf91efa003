using TorchSharp.Modules;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Models.QwenVl.Vision;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>The whole network. Parameter names are those of the family's published checkpoints.</summary>
internal sealed class QwenVlModule : nn.Module
{
    private readonly Dense? _head;

    public QwenVlModule(QwenVlConfig config, ScalarType type, Device device)
        : base(config.ModelType)
    {
        // Parameters outlive whatever dispose scope the caller happens to be in.
        using var scope = NewDisposeScope();
        (Config, Family) = (config, QwenFamilies.Of(config));
        Visual = config.Vision is null ? null : Family.Tower?.Invoke(config.Vision, type, device);
        Decoder = new TextDecoder(config.Text, Family.Decoder, type, device);
        Family.Names.Register(this, (nn.Module?)Visual, Decoder);
        if (!config.TiedHead) register_module("lm_head", _head = new Dense(config.Text.HiddenSize, config.Text.VocabularySize, bias: false, type, device));
        foreach (var (_, parameter) in named_parameters()) parameter.DetachFromDisposeScope();
        Names = named_parameters().ToDictionary(p => p.name, p => p.parameter);
    }

    public QwenVlConfig Config { get; }

    public QwenFamily Family { get; }

    /// <summary>Null for a text-only decoder.</summary>
    public IVisionTower? Visual { get; }

    public TextDecoder Decoder { get; }

    /// <summary>Every parameter by its name in a published checkpoint.</summary>
    public IReadOnlyDictionary<string, Parameter> Names { get; }

    public Device Device => Decoder.Embedding.device;

    /// <summary>Reads every parameter from a checkpoint.</summary>
    /// <param name="checkpoint">Stays the caller's.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="copyHead">Whether head and embedding may stand in for each other, since the checkpoint's are one.</param>
    public void Fill(CheckpointReader checkpoint, IProgress<LoadProgress>? progress = null, bool copyHead = false)
        => WeightLoader.Load(Names, checkpoint, StoredHead.Canonical(Family.Names, Config.TiedHead, checkpoint), progress,
            WeightLoader.Threads,
            copyHead && !Config.TiedHead ? StoredHead.Copies(Family.Names) : null);

    /// <summary>Whether passes take the fused way.</summary>
    public bool IsFused { get; private set; }

    /// <summary>Attention of scored completions without a mask; null where there is none, or on the plain way.</summary>
    public LowerRight? LowerRight { get; private set; }

    /// <summary>Chooses how passes compute; see <see cref="QwenVlOptions.Fused"/>.</summary>
    /// <param name="fused">Null: on CUDA.</param>
    public void Fuse(bool? fused)
    {
        IsFused = fused ?? Device.type == TorchSharp.DeviceType.CUDA;
        LowerRight = IsFused ? FlashAttention.For(Device, Decoder.Embedding.dtype) : null;
        foreach (var layer in modules().OfType<IFusable>()) layer.Fused = IsFused;
    }

    /// <summary>The head's matrix, [V, H], where that alone makes the logits; null when an adapter has a part in them.</summary>
    public Tensor? PlainHead => _head is null ? Decoder.Embedding : _head.Adapter is null ? _head.weight : null;

    /// <summary>Hidden states [M, H] to logits [M, V].</summary>
    public Tensor Head(Tensor hidden, bool decoding = false)
        => _head?.Forward(hidden, decoding) ?? (decoding ? FewRowsProduct.Linear(hidden, Decoder.Embedding) : nn.functional.linear(hidden, Decoder.Embedding));
}
