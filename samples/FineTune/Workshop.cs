using FineTune.Settings;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training.Checkpoints;

namespace FineTune;

/// <summary>The model as the settings want it: loaded, frozen, with its adapter; and the rewards.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly LoraAdapter? _adapter;

    private Workshop(FineTuneSettings settings, QwenPromptEncoder encoder, QwenVlPolicy policy, LoraAdapter? adapter)
    {
        (Settings, Encoder, Policy, _adapter, PictureSide) = (settings, encoder, policy, adapter, settings.PictureSide ?? Side(encoder));
        Rewards = RewardNames.All[settings.Rewards](PictureSide);
    }

    public FineTuneSettings Settings { get; }

    public QwenPromptEncoder Encoder { get; }

    public QwenVlPolicy Policy { get; }

    public RewardSuite Rewards { get; }

    /// <summary>Longer side that pixel thresholds of the rewards are scaled to.</summary>
    public double PictureSide { get; }

    /// <summary>The adapter, or the whole model in the layout of the hub.</summary>
    public CheckpointWeights Weights => _adapter is null
        ? new CheckpointWeights(directory => Policy.Save(directory), Policy.LoadWeights)
        : new CheckpointWeights(directory => _adapter.Save(directory), _adapter.LoadWeights);

    public static Workshop Open(FineTuneSettings settings)
    {
        var encoder = QwenPromptEncoder.Load(settings.Model);
        var policy = Load(settings);
        try
        {
            if (settings.Lora is null)
            {
                foreach (var part in settings.Freeze) Freeze(policy, part);
                return new Workshop(settings, encoder, policy, null);
            }
            var adapter = LoraAdapter.Attach(policy, new LoraConfig
            {
                TargetModules = settings.Lora.Targets is ["all-linear"] ? ModuleSelection.AllLinear : ModuleSelection.Named([.. settings.Lora.Targets]),
                // Names of the decoder's layers also occur in the tower; "visual" in freeze keeps adapters out of it.
                ExcludeModules = settings.Freeze.Contains("vision") ? ModuleSelection.Matching(".*visual.*") : null,
                Rank = settings.Lora.Rank,
                Alpha = settings.Lora.Alpha,
                Dropout = settings.Lora.Dropout,
                BaseModel = settings.Model,
            }, settings.Seed);
            return new Workshop(settings, encoder, policy, adapter);
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    /// <summary>For a KL term: the same weights without the adapter, or a frozen second copy.</summary>
    public IPolicy Reference() => _adapter is not null ? _adapter.Reference : Load(Settings);

    public void Dispose()
    {
        _adapter?.Dispose();
        Policy.Dispose();
    }

    private static void Freeze(QwenVlPolicy policy, string part)
    {
        try
        {
            Freezing.Freeze(policy.Module, FrozenParts.Of(part));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"freeze: expected {string.Join(", ", FrozenParts.Words)} or a regular expression of parameter names, got \"{part}\", which means none.", e);
        }
    }

    private static QwenVlPolicy Load(FineTuneSettings settings) => QwenVlPolicy.FromDirectory(settings.Model, new QwenVlOptions
    {
        Device = TorchBackend.Device(settings.Device),
        Type = settings.Type == "bfloat16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32,
        RecomputeLayers = settings.Training.RecomputeLayers,
        // Nothing changes for a model that has one; the others have nothing to put an adapter on.
        OwnHead = settings.Lora?.Targets.Contains("lm_head") == true,
    });

    /// <summary>The pixel thresholds of VisionReasoner's rewards are for sides of 840; a frame of 0 to 1000 is larger, small pictures are smaller.</summary>
    private static double Side(QwenPromptEncoder encoder) => encoder.Coordinates is CoordinateFrame.Thousandths ? 1000 : 840;
}
