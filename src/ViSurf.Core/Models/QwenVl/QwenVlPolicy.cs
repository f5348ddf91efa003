using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl.Decoding;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// A checkpoint directory of Qwen2-VL, Qwen2.5-VL, Qwen3-VL (dense), or of the text-only Qwen2 and Qwen3, as a policy. Picture and prompt
/// run once per group, in scoring and in decoding.
/// </summary>
/// <remarks>
/// Follows transformers' <c>Qwen2VLForConditionalGeneration</c>, <c>Qwen2_5_VLForConditionalGeneration</c>,
/// <c>Qwen3VLForConditionalGeneration</c>, <c>Qwen2ForCausalLM</c> and <c>Qwen3ForCausalLM</c>; docs/models.md says how they differ. Dispose
/// it to free the weights. Do not move <see cref="Module"/> to another device or dtype: load it there.
/// </remarks>
public sealed class QwenVlPolicy : IPolicy, IDisposable
{
    private readonly QwenVlModule _module;
    private readonly SideFiles _side;
    private readonly bool _recompute;
    private bool _disposed;

    private QwenVlPolicy(QwenVlModule module, string directory, SideFiles side, bool recompute)
        => (_module, Directory, _side, _recompute) = (module, directory, side, recompute);

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The policy has been disposed.</exception>
    public nn.Module Module => Alive;

    /// <inheritdoc/>
    public SequenceLayout Layout => SequenceLayout.Packed;

    /// <inheritdoc/>
    public int? VocabularySize => Config.Text.VocabularySize;

    /// <inheritdoc/>
    public IMemoryModel? Memory => QwenVlMemory.Of(this);

    /// <summary>See <see cref="QwenVlOptions.RecomputeLayers"/>.</summary>
    internal bool RecomputesLayers => _recompute;

    /// <summary>The checkpoint's configuration.</summary>
    public QwenVlConfig Config => _module.Config;

    /// <summary>Where it was loaded from.</summary>
    public string Directory { get; }

    /// <summary>Loads a checkpoint directory; its <c>model_type</c> chooses the family.</summary>
    /// <param name="directory">Holds <c>config.json</c> and safetensors weights, in the published tensor names or in newer transformers'.</param>
    /// <param name="options">Null for the CPU and float32.</param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message names it.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is broken, the family or an option of it is not supported, or weights and configuration disagree (all tensors listed).
    /// </exception>
    /// <exception cref="DllNotFoundException">There is no libtorch; see <see cref="TorchBackend.EnsureLoaded"/>.</exception>
    public static QwenVlPolicy FromDirectory(string directory, QwenVlOptions? options = null)
    {
        TorchBackend.Prepare((options ??= new QwenVlOptions()).Device);
        return Load(directory, QwenVlConfigReader.Read(directory), options);
    }

    /// <summary><see cref="FromDirectory"/> with the two options that matter most.</summary>
    /// <param name="directory">The checkpoint directory.</param>
    /// <param name="device">See <see cref="QwenVlOptions.Device"/>.</param>
    /// <param name="type">See <see cref="QwenVlOptions.Type"/>.</param>
    /// <inheritdoc cref="FromDirectory"/>
    public static QwenVlPolicy Load(string directory, Device? device = null, ScalarType type = ScalarType.Float32)
        => FromDirectory(directory, new QwenVlOptions { Device = device, Type = type });

    internal static QwenVlPolicy Load(string directory, QwenVlConfig config, QwenVlOptions options)
    {
        using var checkpoint = CheckpointReader.Open(directory);
        ConfigLimits.EnsureHeld(config, checkpoint);
        var side = SideFiles.Read(directory);
        var stored = StoredHead.Agree(config, checkpoint);
        var module = new QwenVlModule(stored with { TiedHead = stored.TiedHead && !options.OwnHead }, options.Type, options.Device ?? CPU);
        try
        {
            module.Fill(checkpoint, options.Progress, copyHead: stored.TiedHead);
            module.Fuse(options.Fused);
            return new QwenVlPolicy(module, directory, side, options.RecomputeLayers);
        }
        catch
        {
            module.Dispose();
            throw;
        }
    }

    /// <summary>A policy with random weights: normal with σ = <c>initializer_range</c>, biases 0, norms 1, as transformers initialises it.</summary>
    /// <param name="directory">Holds <c>config.json</c>; weights there are ignored.</param>
    /// <param name="seed">Same seed, same weights, on every device.</param>
    /// <param name="device">Where the policy lives; null means the CPU.</param>
    /// <exception cref="DllNotFoundException">There is no libtorch; see <see cref="TorchBackend.EnsureLoaded"/>.</exception>
    public static QwenVlPolicy Initialize(string directory, long seed, Device? device = null)
    {
        TorchBackend.Prepare(device);
        var config = QwenVlConfigReader.Read(directory);
        var side = SideFiles.Read(directory);
        var module = new QwenVlModule(config, ScalarType.Float32, device ?? CPU);
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)seed, CPU);
        foreach (var (name, parameter) in module.Names.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            if (name.EndsWith(".bias", StringComparison.Ordinal)) parameter.zero_();
            else if (parameter.dim() == 1) parameter.copy_(ones_like(parameter));
            else
            {
                var normal = randn(parameter.shape, ScalarType.Float32, CPU, generator: generator);
                parameter.copy_(normal.Times(module.Config.InitializerRange));
            }
        }
        module.Fuse(null);
        return new QwenVlPolicy(module, directory, side, recompute: false);
    }

    /// <summary>Weights by their names in a published checkpoint; they stay the policy's.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Weights()
        => Alive.Names.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, (Tensor)p.Value)).ToArray();

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch) => GroupScores.Of(Alive, Guard.NotNull(batch), _recompute);

    /// <summary>Features of pictures as the decoder receives them, [K / merge², H]; owned by the caller.</summary>
    /// <param name="pixels">[K, D].</param>
    /// <param name="grids">One per picture.</param>
    /// <exception cref="InvalidOperationException">The model reads no pictures.</exception>
    public Tensor Vision(Tensor pixels, IReadOnlyList<PatchGrid> grids)
    {
        if (Alive.Visual is not { } tower)
            throw new InvalidOperationException($"Expected a model with a vision tower, got the text-only family '{Config.ModelType}'.");
        using var plain = new Recomputation(active: false);
        var features = tower.Forward(Guard.NotNull(pixels), Guard.NotNull(grids), plain);
        foreach (var between in features.Deepstack) between.Dispose();
        return features.Tokens;
    }

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
    {
        var session = new QwenVlDecodeSession(Alive, Guard.Positive(copies), Guard.Positive(maxNewTokens));
        try
        {
            session.Admit(Guard.NotNull(prompts));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a whole checkpoint directory: weights by their hub names, <c>config.json</c> with the stored dtype, and every other small
    /// file of the directory the policy came from (tokenizer, chat template, processor, generation settings). Written under a
    /// name beside it and renamed at the end, so that an interrupted save leaves what was there whole.
    /// </summary>
    /// <param name="directory">New, empty, or as an earlier save left it.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="IOException">The directory holds files that no save of this library wrote, or another process saves there, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The place is read-only.</exception>
    public void Save(string directory, SaveOptions? options = null)
        => CheckpointDirectory.Save(directory, SavedFiles.Of(_side, Config, (options ??= new SaveOptions()).StopIds), Weights(), options);

    /// <summary>Fills the weights from a checkpoint directory of the same model, as <see cref="Save"/> wrote it: how a run goes on from its checkpoint.</summary>
    /// <param name="directory">Holds safetensors weights; its other files are not read.</param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="InvalidDataException">A file is broken, or the weights are of another model (all tensors listed); nothing has been loaded then.</exception>
    public void LoadWeights(string directory)
    {
        var module = Alive;
        using var checkpoint = CheckpointReader.Open(directory);
        if (Config.TiedHead && StoredHead.IsOwn(module.Family.Names, checkpoint))
            throw new InvalidDataException($"The weights in '{directory}' have a head of their own ({StoredHead.Head} differs from the "
                + $"embedding), the policy's head is its embedding. "
                + $"Load the policy from that directory, or with {nameof(QwenVlOptions)}.{nameof(QwenVlOptions.OwnHead)}.");
        module.Fill(checkpoint);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _module.Dispose();
    }

    private QwenVlModule Alive
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _module;
        }
    }
}
