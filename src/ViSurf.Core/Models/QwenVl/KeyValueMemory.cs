using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Keeps the prompts' keys and values, one row per prompt, with their gradient. Owns them.</summary>
internal sealed class PromptMemory : IKeyValueMemory, IDisposable
{
    private readonly List<(Tensor Keys, Tensor Values)> _layers = [];

    public IReadOnlyList<(Tensor Keys, Tensor Values)> Layers => _layers;

    public (Tensor Keys, Tensor Values) Extend(int layer, Tensor keys, Tensor values)
    {
        _layers.Add((keys.alias().DetachFromDisposeScope(), values.alias().DetachFromDisposeScope()));
        return (keys, values);
    }

    public void Dispose()
    {
        foreach (var (keys, values) in _layers)
        {
            keys.Dispose();
            values.Dispose();
        }
    }
}

/// <summary>Completions that continue prompts: each row sees its own prompt's keys and values, then its own.</summary>
/// <param name="prompts">Must outlive this.</param>
/// <param name="promptIndex">int64 [N] on the policy's device.</param>
internal sealed class ContinuationMemory(PromptMemory prompts, Tensor promptIndex) : IKeyValueMemory
{
    public (Tensor Keys, Tensor Values) Extend(int layer, Tensor keys, Tensor values)
    {
        var (promptKeys, promptValues) = prompts.Layers[layer];
        return (cat([promptKeys.index_select(0, promptIndex), keys], 2), cat([promptValues.index_select(0, promptIndex), values], 2));
    }
}
