using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// A decoder layer of one step in few launches: what each line costs stands beside it. Owns what it keeps of the weights.
/// </summary>
internal sealed class FusedLayer : IDisposable
{
    private static readonly AtenOperator MulOut = new("mul", "out", "_ZN2at4_ops7mul_out4callERKNS_6TensorES4_RS2_");
    private readonly int _index;
    private readonly QwenTextConfig _text;
    private readonly StepNorm _inputNorm, _attentionNorm;
    private readonly JoinedProduct _heads, _output, _gateUp, _down;
    private readonly (RmsNorm Key, RmsNorm Query)? _headNorms;
    private Tensor? _headWeights;

    public FusedLayer(int index, QwenTextConfig text, DecoderLayer layer)
    {
        var attention = layer.Attention;
        (_index, _text, _headNorms) = (index, text, attention.Norms);
        (_inputNorm, _attentionNorm) = (new StepNorm(layer.InputNorm), new StepNorm(layer.AttentionNorm));
        (_heads, _output) = (new JoinedProduct(attention.Value, attention.Key, attention.Query), new JoinedProduct(attention.Output));
        (_gateUp, _down) = (new JoinedProduct(layer.Mlp.Gate, layer.Mlp.Up), new JoinedProduct(layer.Mlp.Down));
    }

    /// <summary>Whether the libtorch that runs has what this is made of.</summary>
    public static bool IsAvailable => FusedRmsNorm.IsAvailable && MulOut.IsAvailable;

    /// <summary>Of values, keys and queries.</summary>
    private long Heads => _text.Heads + 2L * _text.KeyValueHeads;

    /// <summary>Adds what the layer makes of it to the residual stream.</summary>
    /// <param name="stream">[R, H], float32 (float64 of a float64 model).</param>
    /// <param name="turns">From <see cref="StepTurns.Next"/>.</param>
    /// <param name="cache">Its step has begun.</param>
    public void Run(Tensor stream, Tensor turns, IHeadCache cache)
    {
        using var scope = NewDisposeScope();
        Write(_heads.Of(_inputNorm.Of(stream)), turns, cache.Place(_index)); // 2 + 1 + 3, and 3 more with head norms
        stream.PlusInPlace(_output.Of(cache.Mix(_index)), 1); // 1 + 1 + 1
        var inner = _gateUp.Of(_attentionNorm.Of(stream)); // 2 + 1
        var (gate, up) = (inner.narrow(1, 0, _text.IntermediateSize), inner.narrow(1, _text.IntermediateSize, _text.IntermediateSize));
        stream.PlusInPlace(_down.Of(nn.functional.silu(gate).mul_(up)), 1); // 2 + 1 + 1
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable[] { _inputNorm, _attentionNorm, _heads, _output, _gateUp, _down }) part.Dispose();
        _headWeights?.Dispose();
    }

    /// <summary>Norms heads where the family does, turns them and puts them into the cache, in float32 until they are there.</summary>
    private void Write(Tensor projected, Tensor turns, Tensor place)
    {
        if (_headNorms is not { } norms)
        {
            place.copy_(Turned(projected, turns));
            return;
        }
        // A norm is a factor for each head and a weight for each number: the weight goes into the turn's matrix, the factor, which the
        // turn does not change, into the write. Values have neither.
        var (_, scale) = FusedRmsNorm.Of(projected.view(-1, Heads, _text.HeadSize), null, norms.Key.Epsilon);
        _headWeights ??= HeadWeights(norms);
        scale.narrow(1, 0, _text.KeyValueHeads).copy_(_headWeights.narrow(0, 0, 1).narrow(2, 0, 1).narrow(3, 0, 1).squeeze(3));
        MulOut.Call(AtenArgument.Of(Turned(projected, turns * _headWeights)), AtenArgument.Of(scale), AtenArgument.Of(place));
    }

    /// <summary>[R, heads, d]: a product with the matrices and a sum over what each number is made of.</summary>
    private Tensor Turned(Tensor projected, Tensor turns)
        => (projected.view(-1, Heads, 1, 2, _text.HeadSize / 2) * turns).sum(3).view(-1, Heads, _text.HeadSize);

    /// <summary>[heads, 1, 2, d/2], by the halves that a turn reads.</summary>
    private Tensor HeadWeights((RmsNorm Key, RmsNorm Query) norms)
    {
        using var scope = NewDisposeScope();
        var (key, query) = (norms.Key.weight.detach().Wide(), norms.Query.weight.detach().Wide());
        Tensor Of(Tensor weight, long heads) => weight.view(1, 1, 2, -1).expand(heads, 1, 2, -1);
        Tensor[] parts = [Of(ones_like(key), _text.KeyValueHeads), Of(key, _text.KeyValueHeads), Of(query, _text.Heads)];
        return cat(parts, 0).DetachFromDisposeScope();
    }
}
