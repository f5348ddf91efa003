using BenchmarkDotNet.Attributes;
using TorchSharp;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks.Parts;

/// <summary>Token-wise layers of the 35M decoder, forward and with backward.</summary>
public class LayerParts
{
    private const int Hidden = 512, Inner = 1408, Heads = 8, HeadSize = 64, Vocabulary = 8192;
    private RmsNorm _norm = null!;
    private SwiGlu _mlp = null!;
    private RotaryTables _turns = null!;
    private Tensor _rows = null!, _heads = null!, _head = null!, _ids = null!;

    [GlobalSetup]
    public void Make()
    {
        var (tokens, device, type) = (PartsSize.Tokens, PartsSize.Device, PartsSize.Type);
        _norm = new RmsNorm(Hidden, 1e-6, type, device);
        _mlp = new SwiGlu(Hidden, Inner, bias: false, type, device);
        using (no_grad())
            foreach (var parameter in _norm.parameters().Concat(_mlp.parameters())) parameter.normal_(0, 0.02);
        _rows = PartsSize.Random(tokens, Hidden).requires_grad_();
        _heads = PartsSize.Random(tokens, Heads, HeadSize).requires_grad_();
        _head = PartsSize.Random(Vocabulary, Hidden).normal_(0, 0.02).requires_grad_();
        // Rotary tables are float32 whatever the model's dtype.
        using (var angles = rand([tokens, HeadSize / 2], device: device)) _turns = RotaryTables.Of(angles);
        _ids = randint(0, Vocabulary, [tokens], ScalarType.Int64, device);
    }

    [Benchmark]
    public void RmsNormForward() => Forward(() => _norm.forward(_rows));

    [Benchmark]
    public void RmsNormTraining() => Training(() => _norm.forward(_rows));

    [Benchmark]
    public void RotaryForward() => Forward(() => Rotary.Apply(_heads, _turns));

    [Benchmark]
    public void RotaryTraining() => Training(() => Rotary.Apply(_heads, _turns));

    [Benchmark]
    public void SwiGluForward() => Forward(() => _mlp.forward(_rows));

    [Benchmark]
    public void SwiGluTraining() => Training(() => _mlp.forward(_rows));

    [Benchmark]
    public void HeadForward() => Forward(Head);

    [Benchmark]
    public void HeadTraining() => Training(Head);

    [GlobalCleanup]
    public void Free()
    {
        _norm.Dispose();
        _mlp.Dispose();
        _turns.Dispose();
        foreach (var tensor in new[] { _rows, _heads, _head, _ids }) tensor.Dispose();
    }

    private Tensor Head() => SelectiveLogSoftmax.OfHidden(_rows, rows => nn.functional.linear(rows, _head), Vocabulary, _ids).LogProbs;

    private static void Forward(Func<Tensor> part)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        part();
        PartsSize.Synchronize();
    }

    /// <summary>Gradients add up in the leaves, as they do over micro-batches.</summary>
    private static void Training(Func<Tensor> part)
    {
        using var scope = NewDisposeScope();
        part().sum().backward();
        PartsSize.Synchronize();
    }
}
