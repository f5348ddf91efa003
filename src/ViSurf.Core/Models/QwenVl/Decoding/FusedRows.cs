using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Rows through the layers in few launches: see <see cref="FusedLayer"/>. What a token needs lies on the device from the start, so that no
/// step makes the host wait; docs/benchmarks.md counts.
/// </summary>
internal sealed class FusedRows : IDecodeRows
{
    private readonly QwenVlModule _module;
    private readonly int _limit;
    private readonly long _mostCopied;
    private readonly FusedLayer[] _layers;
    private readonly StepNorm _norm;
    private readonly StepTurns _turns;
    private IHeadCache? _cache;

    /// <param name="module">The model; its weights must not change while this is in use.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="mostCopied">See <see cref="JoinedCache.MostCopied"/>.</param>
    public FusedRows(QwenVlModule module, int limit, long mostCopied)
    {
        var (decoder, text) = (module.Decoder, module.Config.Text);
        (_module, _limit, _mostCopied) = (module, limit, mostCopied);
        _layers = [.. decoder.Layers.Select((layer, i) => new FusedLayer(i, text, layer))];
        _norm = new StepNorm(decoder.FinalNorm);
        _turns = new StepTurns(decoder.Angles, text, limit, module.Device);
    }

    /// <summary>Whether the libtorch that runs has what this is made of.</summary>
    public static bool IsAvailable => FusedLayer.IsAvailable;

    public IReadOnlyList<int> Ages => _cache?.Ages ?? [];

    public void Add(Arrival arrival)
    {
        _cache ??= Cache(arrival);
        _turns.Add(arrival);
        _cache.Add(arrival);
    }

    public void Keep(int[] rows, Tensor index)
    {
        _turns.Keep(index);
        _cache!.Keep(rows, index);
    }

    public Tensor Step(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        _cache!.BeginStep();
        // What comes out of the lookup is nobody else's: layers add to it in place.
        var (stream, turns) = (_module.Decoder.Embed(tokens).Wide(), _turns.Next());
        foreach (var layer in _layers) layer.Run(stream, turns, _cache);
        return _norm.Of(stream).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
        _norm.Dispose();
        _turns.Dispose();
        _cache?.Dispose();
    }

    /// <summary>Decided by the rows that enter first; those that enter later take their places.</summary>
    private IHeadCache Cache(Arrival arrival)
    {
        var (text, type) = (_module.Config.Text, _module.Decoder.Embedding.dtype);
        return JoinedCache.Copied(arrival, text) <= _mostCopied
            ? new JoinedCache(text, _limit, type, _module.Device)
            : new SharedHeads(text, _limit, type, _module.Device);
    }
}
