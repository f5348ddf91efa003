using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>
/// LoRA on the linear layers of a policy. Attaching freezes everything else, so an optimizer made afterwards holds state for the adapter
/// alone. Owns the adapter's parameters, not the policy's; disposing takes it off again. One adapter per policy; not thread-safe.
/// </summary>
/// <remarks>
/// The parameters are registered inside the policy's module (<c>….q_proj.lora_A.weight</c>), which must not be moved or cast afterwards.
/// <see cref="LoraConfig.Dropout"/> acts in train mode only, and the adapter starts in eval mode: <c>policy.Module.train()</c> turns it on,
/// which trainers never do, because rollouts and scores would then come from different networks. Dropout draws from libtorch's global
/// generator. Rules, names and files follow huggingface/peft.
/// </remarks>
public sealed class LoraAdapter : IDisposable
{
    private readonly AdapterSwitch _switch = new();
    private readonly List<LoraLayer> _layers = [];
    private readonly List<SavedModule> _saved = [];
    private readonly Parameter[] _frozen;
    private bool _disposed;

    private LoraAdapter(IPolicy policy, LoraConfig config, LoraTargets targets)
    {
        Config = config;
        _frozen = [.. policy.Module.parameters().Where(p => p.requires_grad)];
        Reference = new AdapterOffPolicy(policy, this);
        try
        {
            foreach (var parameter in _frozen) parameter.requires_grad = false;
            foreach (var path in targets.Saved) _saved.Add(new SavedModule(path));
            foreach (var path in targets.Linear) _layers.Add(new LoraLayer(path, config, _switch));
        }
        catch
        {
            Dispose();
            throw;
        }
        Parameters = [.. _layers.SelectMany(l => new[] { ($"{l.Path.Peft}.lora_A.weight", l.Down), ($"{l.Path.Peft}.lora_B.weight", l.Up) })
            .Concat(_saved.SelectMany(s => s.Parameters.Select(p => (p.Name, p.Value))))
            .OrderBy(p => p.Item1, StringComparer.Ordinal)];
    }

    /// <summary>What it was made from.</summary>
    public LoraConfig Config { get; }

    /// <summary>
    /// The policy with the adapter off, for a KL term: the same weights, no second copy, no gradient. Where LoRA is merged it refuses to
    /// score.
    /// </summary>
    public IPolicy Reference { get; }

    /// <summary>Everything that trains, by its name in a PEFT file without the prefix <c>base_model.model.</c>; stays the adapter's.</summary>
    /// <value>A [r, in], B [out, r], float32 (float64 on a float64 policy), and the copies of modules to save in the policy's dtype.</value>
    /// <exception cref="ObjectDisposedException">The adapter has been disposed.</exception>
    public IReadOnlyList<(string Name, Parameter Value)> Parameters { get => DisposeGuard.Alive(field, _disposed, this); } = [];

    /// <summary>Whether the adapter's effect is in the policy's weights.</summary>
    public bool IsMerged => _switch.Merged;

    /// <summary>Puts a fresh adapter on a policy: A uniform in ±1/√in, B zero, so the policy computes what it did before.</summary>
    /// <param name="policy">Its module holds linear layers: of this library's models, or TorchSharp's <c>Linear</c> that is run by <c>call</c>.</param>
    /// <param name="config">Which layers, and how.</param>
    /// <param name="seed">Same seed, same A, on every device.</param>
    /// <exception cref="ArgumentException">A selection finds nothing (candidates are listed) or something that cannot be adapted.</exception>
    /// <exception cref="InvalidOperationException">The policy has an adapter already.</exception>
    public static LoraAdapter Attach(IPolicy policy, LoraConfig config, long seed = 0)
    {
        var adapter = AttachEmpty(policy, config);
        using var random = new DeviceRandom((ulong)seed, CPU);
        foreach (var layer in adapter._layers) layer.Initialize(random);
        return adapter;
    }

    /// <summary>Puts a saved adapter on a policy, ready to be trained further.</summary>
    /// <param name="policy">A policy over the weights that the adapter was trained on.</param>
    /// <param name="directory">A PEFT directory: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message names it.</exception>
    /// <exception cref="InvalidDataException">A file is broken, asks for something that is not supported, or does not fit the policy.</exception>
    /// <exception cref="InvalidOperationException">The policy has an adapter already.</exception>
    public static LoraAdapter Load(IPolicy policy, string directory)
    {
        var config = PeftDirectory.ReadConfig(directory);
        LoraAdapter adapter;
        try
        {
            adapter = AttachEmpty(policy, config);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The adapter in '{directory}' does not fit the policy. {e.Message}", e);
        }
        try
        {
            PeftDirectory.ReadWeights(directory, adapter.Parameters, adapter.OwnNames(), policy.Module);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes a PEFT directory, which <c>PeftModel.from_pretrained</c> loads, under a name beside it and renames it at the end: an
    /// interrupted save leaves what was there whole.
    /// </summary>
    /// <param name="directory">New, empty, or as an earlier save left it.</param>
    /// <param name="overwrite">Replaces an adapter directory that this library did not write, with all its files; one with folders in it never.</param>
    /// <exception cref="InvalidOperationException">The adapter is merged.</exception>
    /// <exception cref="IOException">The directory holds files that no save of this library wrote, or another process saves there, or the disk is full.</exception>
    public void Save(string directory, bool overwrite = false)
    {
        ThrowIfMerged("save");
        PeftDirectory.Write(directory, Config, Parameters, overwrite);
    }

    /// <summary>Fills the parameters from a PEFT directory of the same adapter, as <see cref="Save"/> wrote it: how a run goes on from its checkpoint.</summary>
    /// <param name="directory">Holds <c>adapter_model.safetensors</c>.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is broken or of another adapter (all tensors listed); nothing has been loaded then.</exception>
    /// <exception cref="InvalidOperationException">The adapter is merged.</exception>
    public void LoadWeights(string directory)
    {
        ThrowIfMerged("load into");
        PeftDirectory.ReadWeights(directory, Parameters, OwnNames(), Reference.Module);
    }

    /// <summary>Turns the adapter off until the returned scope is disposed; scopes nest.</summary>
    /// <exception cref="InvalidOperationException">The adapter is merged: its effect cannot be left out.</exception>
    public IDisposable Disable()
    {
        ThrowIfMerged("turn off");
        if (_switch.Disabled++ == 0) Stand(_switch.On);
        return new OffScope(this);
    }

    /// <summary>
    /// Adds s·B·A to the weights and puts trained copies in the place of the originals: the policy then costs and saves like one without
    /// adapter. In bfloat16 the sum is rounded to the weight's spacing.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is merged already, or turned off.</exception>
    public void Merge()
    {
        ThrowIfMerged("merge again");
        if (_switch.Disabled > 0) throw new InvalidOperationException("Expected the adapter to be on, got one that is turned off. Dispose the scope of Disable first.");
        foreach (var layer in _layers) layer.AddToWeight(+1);
        foreach (var module in _saved) module.Exchange();
        _switch.Merged = true;
        Stand(_switch.On);
    }

    /// <summary>Takes the update out of the weights again: to rounding in A and B's layers, exactly in modules to save.</summary>
    /// <exception cref="InvalidOperationException">It is not merged.</exception>
    public void Unmerge()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!IsMerged) throw new InvalidOperationException("Expected a merged adapter, got one that is not. Call Merge first.");
        foreach (var layer in _layers) layer.AddToWeight(-1);
        foreach (var module in _saved) module.Exchange();
        _switch.Merged = false;
        Stand(_switch.On);
    }

    /// <summary>
    /// Takes the adapter off, frees its parameters and makes trainable what was so before. After <see cref="Merge"/> the merged weights
    /// stay, which makes the policy an ordinary one to save.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var layer in _layers) layer.Dispose();
        foreach (var module in _saved) module.Dispose();
        // The policy may have been disposed first.
        foreach (var parameter in _frozen.Where(p => !p.IsInvalid)) parameter.requires_grad = true;
    }

    private static LoraAdapter AttachEmpty(IPolicy policy, LoraConfig config)
        => new(Guard.NotNull(policy), Guard.NotNull(config), LoraTargets.Find(ModulePath.Of(policy.Module), config));

    /// <summary>Older files spell paths as our tree does: from that spelling to the one in <see cref="Parameters"/>.</summary>
    private Dictionary<string, string> OwnNames()
        => _layers.SelectMany(l => new[] { "lora_A.weight", "lora_B.weight" }.Select(n => (Own: $"{l.Path.Own}.{n}", Name: $"{l.Path.Peft}.{n}")))
            .Concat(_saved.SelectMany(s => s.Parameters.Select(p => (p.Own, p.Name))))
            .ToDictionary(p => p.Own, p => p.Name);

    private void Stand(bool copies)
    {
        foreach (var module in _saved) module.Use(copies);
    }

    private void Enable()
    {
        _switch.Disabled--;
        if (!_disposed) Stand(_switch.On);
    }

    private void ThrowIfMerged(string what)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (IsMerged) throw new InvalidOperationException($"Expected an adapter that is not merged to {what}. Call Unmerge first.");
    }

    private sealed class OffScope(LoraAdapter adapter) : IDisposable
    {
        private bool _done;

        public void Dispose()
        {
            if (_done) return;
            _done = true;
            adapter.Enable();
        }
    }
}
