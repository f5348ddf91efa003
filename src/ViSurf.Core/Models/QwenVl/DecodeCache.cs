using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Preallocated keys and values of rows that are being decoded: the prompt's columns first, then one column per new token.
/// Owns its tensors.
/// </summary>
internal sealed class DecodeCache : IKeyValueMemory, IDisposable
{
    private readonly Tensor[] _keys, _values;

    public DecodeCache(PromptMemory prompts, Tensor promptIndex, int maxNewTokens)
    {
        using var scope = NewDisposeScope();
        Tensor Room(Tensor prompt)
        {
            var (rows, width) = (promptIndex.shape[0], prompt.shape[2]);
            var room = empty([rows, prompt.shape[1], width + maxNewTokens, prompt.shape[3]], prompt.dtype, prompt.device);
            room.narrow(2, 0, width).copy_(prompt.index_select(0, promptIndex));
            return room.DetachFromDisposeScope();
        }
        _keys = prompts.Layers.Select(l => Room(l.Keys)).ToArray();
        _values = prompts.Layers.Select(l => Room(l.Values)).ToArray();
        Length = prompts.Layers[0].Keys.shape[2];
    }

    /// <summary>Columns in use; <see cref="Advance"/> after all layers have extended.</summary>
    public long Length { get; private set; }

    public (Tensor Keys, Tensor Values) Extend(int layer, Tensor keys, Tensor values)
    {
        var count = keys.shape[2];
        _keys[layer].narrow(2, Length, count).copy_(keys);
        _values[layer].narrow(2, Length, count).copy_(values);
        return (_keys[layer].narrow(2, 0, Length + count), _values[layer].narrow(2, 0, Length + count));
    }

    public void Advance(long count) => Length += count;

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">int64, ascending, on the cache's device.</param>
    public void Keep(Tensor rows)
    {
        foreach (var store in new[] { _keys, _values })
            for (var i = 0; i < store.Length; i++)
            {
                var kept = store[i].index_select(0, rows).DetachFromDisposeScope();
                store[i].Dispose();
                store[i] = kept;
            }
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor.Dispose();
    }
}
