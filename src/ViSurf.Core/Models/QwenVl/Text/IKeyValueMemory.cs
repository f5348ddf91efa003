using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>What attention remembers: takes a layer's new keys and values, returns all that its queries may see.</summary>
internal interface IKeyValueMemory
{
    /// <summary>Both [rows, key-value heads, positions, d]. The result belongs to the current dispose scope or to the memory.</summary>
    (Tensor Keys, Tensor Values) Extend(int layer, Tensor keys, Tensor values);
}
