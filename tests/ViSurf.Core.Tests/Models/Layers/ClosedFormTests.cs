using System.Runtime.InteropServices;
using CsCheck;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Layers;

/// <summary>Layers whose gradients are written out give what autograd finds in the plain formulas, in float64, whatever trains.</summary>
public sealed class ClosedFormTests : IDisposable
{
    private const double Epsilon = 1e-5;
    private readonly DisposeScope _scope = NewDisposeScope();

    [CpuTheory("gradients are written out on the CPU alone")]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 2e-5)]
    public void A_norm_has_the_value_and_the_gradients_of_its_formula(ScalarType type, double tolerance)
        => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 70], Gen.Bool, Gen.Bool).Sample((rows, size, trains, asked) =>
        {
            using var scope = NewDisposeScope();
            using var norm = new RmsNorm(size, Epsilon, type, CPU);
            Fill(norm, trains);
            var x = randn(rows, size, type).requires_grad_(asked);
            Compare(norm, x, norm.forward, input => Norm(input, Wide(norm.weight)), tolerance);
        }, iter: 25, threads: 1);

    [CpuTheory("gradients are written out on the CPU alone")]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 5e-5)]
    public void A_block_of_norm_and_gated_layers_has_the_value_and_the_gradients_of_its_formula(ScalarType type, double tolerance)
        => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 50], Gen.Bool, Gen.Int[0, 15], Gen.Bool).Sample((rows, size, inner, bias, frozen, asked) =>
        {
            using var scope = NewDisposeScope();
            using var block = new Block(size, inner, bias, type);
            Fill(block, trains: true);
            Freeze(frozen, block.Norm, block.Mlp.Gate, block.Mlp.Up, block.Mlp.Down);
            var x = randn(rows, size, type).requires_grad_(asked);
            Compare(block, x, input => SwiGluBlock.Forward(block.Norm, block.Mlp, input), input => block.Formula(input), tolerance);
        }, iter: 25, threads: 1);

    [CpuTheory("gradients are written out on the CPU alone")]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 2e-5)]
    public void Linear_layers_of_one_normed_input_have_the_values_and_the_gradients_of_their_formulas(ScalarType type, double tolerance)
        => Gen.Select(Gen.Int[1, 30], Gen.Int[1, 40], Gen.Bool, Gen.Int[0, 15], Gen.Bool).Sample((rows, size, bias, frozen, asked) =>
        {
            using var scope = NewDisposeScope();
            using var block = new Projections(size, bias, type);
            Fill(block, trains: true);
            Freeze(frozen, block.Norm, block.Layers[0], block.Layers[1], block.Layers[2]);
            var x = randn(rows, size, type).requires_grad_(asked);
            Compare(block, x, input => cat(new NormedProducts(block.Norm, block.Layers).Of(input), 1), input => block.Formula(input), tolerance);
        }, iter: 20, threads: 1);

    [CpuTheory("gradients are written out on the CPU alone")]
    [InlineData(ScalarType.Float64, 1e-12)]
    [InlineData(ScalarType.Float32, 5e-5)]
    public void A_head_has_the_scores_and_the_gradients_of_the_whole_log_softmax_whatever_is_kept(ScalarType type, double tolerance)
        => Gen.Select(Gen.Int[0, 20], Gen.Int[1, 90], Gen.Int[1, 7], Gen.Bool, Gen.Bool, Gen.Bool).Sample((rows, vocabulary, chunk, kept, frozen, asked) =>
        {
            using var scope = NewDisposeScope();
            using var head = new Dense(8, vocabulary, bias: false, type, CPU);
            Fill(head, !frozen);
            var (x, ids) = (randn(rows, 8, type).Times(3.0).requires_grad_(asked), randint(0, vocabulary, [rows], ScalarType.Int64));
            Compare(head, x, input =>
            {
                var (logProbs, entropies) = new HeadScores(head.weight, 0.7, chunk, kept ? long.MaxValue : 0).Of(input, ids);
                return cat([logProbs, entropies]);
            }, input =>
            {
                var log = input.matmul(Wide(head.weight).t()).Over(0.7).log_softmax(-1);
                return cat([log.gather(1, ids.unsqueeze(1)).squeeze(1), (log.exp() * log).sum(-1).neg()]);
            }, tolerance);
        }, iter: 40, threads: 1);

    [CpuFact("gradients are written out on the CPU alone")]
    public void An_impossible_token_has_no_part_in_the_entropy_and_a_gradient_of_zero()
    {   // Two tokens of probability one half and one of probability 0; the chosen one is pulled by 1, so its logit by 1 − 1/2.
        var (logits, ids) = (tensor(new[] { 1f, float.NegativeInfinity, 1f }, [1, 3]), tensor(new[] { 2L }));
        var moments = HostSoftmax.Moments(logits, ids, 1);
        moments.data<float>().ToArray()[2].Should().BeApproximately(MathF.Log(2), 1e-6f);
        HostSoftmax.Gradient(logits, ids, 1, moments, tensor(new[] { 1f, 1f }, [2, 1]));
        logits.data<float>().ToArray().Should().Equal([-0.5f, 0, 0.5f], (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void A_token_outside_the_vocabulary_is_refused()
        => FluentActions.Invoking(() => new HeadScores(zeros(5, 2), 1).Of(zeros(1, 2), tensor(new[] { 5L })))
            .Should().Throw<ArgumentException>().WithMessage("*vocabulary of 5, got 5*");

    [CpuFact("gradients are written out on the CPU alone")]
    public void What_a_form_throws_in_the_backward_pass_arrives_as_it_was_thrown()
    {
        var x = ones(2, 3).requires_grad_();
        using var scores = new TokenScores(ClosedForm.Apply(new Failing(), null, x));
        FluentActions.Invoking(() => scores.Backward(scores.LogProbs.sum())).Should().Throw<TimeoutException>().WithMessage("for a test");
        ClosedForm.ThrowFailure();   // once
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void A_second_backward_pass_over_one_graph_is_refused_in_words()
    {
        using var norm = new RmsNorm(3, Epsilon, ScalarType.Float32, CPU);
        Fill(norm, trains: true);
        using var scores = new TokenScores(norm.forward(ones(2, 3).requires_grad_()));
        var loss = scores.LogProbs.sum();
        loss.backward([], create_graph: false, retain_graph: true);
        FluentActions.Invoking(() => scores.Backward(loss)).Should().Throw<InvalidOperationException>().WithMessage("Expected one backward pass*");
    }

    [CpuTheory("gradients are written out on the CPU alone")]
    [InlineData("norm")]
    [InlineData("products")]
    [InlineData("block")]
    [InlineData("head")]
    public void Weights_that_change_between_the_scores_and_their_backward_pass_are_refused(string form)
    {
        using var block = new Block(8, 8, bias: true, ScalarType.Float32);
        Fill(block, trains: true);
        var (weight, layers) = (block.Mlp.Gate.weight, new[] { block.Mlp.Gate, block.Mlp.Up });
        Tensor Value(Tensor x) => form switch
        {
            "norm" => block.Norm.forward(x),
            "products" => new NormedProducts(block.Norm, layers).Of(x)[1],
            "block" => SwiGluBlock.Forward(block.Norm, block.Mlp, x),
            _ => new HeadScores(weight, 1).Of(x, zeros(2, ScalarType.Int64)).LogProbs.unsqueeze(0),
        };
        using var scores = new TokenScores(Value(ones(2, 8).requires_grad_()));
        var loss = scores.LogProbs.sum();
        using (no_grad()) (form == "norm" ? block.Norm.weight : weight).TimesInPlace(1.5);
        FluentActions.Invoking(() => scores.Backward(loss)).Should().Throw<InvalidOperationException>().WithMessage("Expected the weights*");
        block.parameters().Count(parameter => parameter.grad is not null).Should().Be(0);
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void A_parameter_that_stands_in_only_while_scores_are_made_is_refused_afterwards()
    {
        using var block = new Block(8, 8, bias: false, ScalarType.Float32);
        Fill(block, trains: true);
        var (own, copy) = (block.Norm.weight, new Parameter(ones(8)));
        block.Norm.Use("weight", copy);
        using var scores = new TokenScores(SwiGluBlock.Forward(block.Norm, block.Mlp, ones(2, 8)));
        var loss = scores.LogProbs.sum();
        block.Norm.Use("weight", own);
        FluentActions.Invoking(() => scores.Backward(loss)).Should().Throw<InvalidOperationException>().WithMessage("Expected the weights*");
        block.Norm.Use("weight", copy);
        using var again = new TokenScores(SwiGluBlock.Forward(block.Norm, block.Mlp, ones(2, 8)));
        again.Backward(again.LogProbs.sum());
        (own.grad is null, copy.grad is null).Should().Be((true, false));
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void A_backward_pass_that_failed_elsewhere_is_not_the_next_ones_failure()
    {
        var x = ones(2, 3).requires_grad_();
        FluentActions.Invoking(() => ClosedForm.Apply(new Failing(), null, x).sum().backward()).Should().Throw<ExternalException>();
        using var norm = new RmsNorm(3, Epsilon, ScalarType.Float32, CPU);
        Fill(norm, trains: true);
        using var scores = new TokenScores(norm.forward(x));
        scores.Backward(scores.LogProbs.sum());
        norm.weight.grad.Should().NotBeNull();
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void The_same_bits_with_gradient_and_without()
    {
        using var block = new Block(48, 96, bias: false, ScalarType.Float32);
        Fill(block, trains: true);
        var x = randn(37, 48);
        var with = SwiGluBlock.Forward(block.Norm, block.Mlp, x);
        using var noGrad = no_grad();
        SwiGluBlock.Forward(block.Norm, block.Mlp, x).equal(with).all().item<bool>().Should().BeTrue();
        with.requires_grad.Should().BeTrue();
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void Extreme_gates_open_or_close_without_becoming_not_a_number()
    {   // SiLU(1000) = 1000 and SiLU(−1000) = 0, with slopes 1 and 0.
        var (gate, up, product) = (tensor([1000f, -1000f]), tensor([2f, 3f]), tensor([1f, 1f]));
        Gated.Of(gate, up, inPlace: false).data<float>().ToArray().Should().Equal(2000, 0);
        var (dGate, dUp, _) = Gated.Gradient(gate, up, product);
        dGate.data<float>().ToArray().Should().Equal(2, 0);
        dUp.data<float>().ToArray().Should().Equal(1000, 0);
    }

    [CpuFact("gradients are written out on the CPU alone")]
    public void Gradients_add_up_over_passes_and_nothing_stays_alive()
    {
        using var block = new Block(16, 24, bias: true, ScalarType.Float32);
        Fill(block, trains: true);
        var x = randn(5, 16);
        void Pass()
        {
            using var scope = NewDisposeScope();
            SwiGluBlock.Forward(block.Norm, block.Mlp, x).sum().backward();
        }
        Pass();
        var once = block.Mlp.Up.weight.grad!.data<float>().ToArray();
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Pass();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        block.Mlp.Up.weight.grad!.data<float>().ToArray().Zip(once).Should().OnlyContain(p => Math.Abs(p.First - 2 * p.Second) < 1e-4f);
    }

    public void Dispose() => _scope.Dispose();

    private static void Fill(nn.Module module, bool trains, int seed = 1)
    {
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)seed);
        foreach (var parameter in module.parameters())
        {
            parameter.copy_(TestDevice.Randn(parameter.shape, generator, ScalarType.Float64).Times(0.5));
            parameter.requires_grad_(trains);
        }
    }

    /// <summary>Each bit freezes one of the layers; all of them frozen leaves the input.</summary>
    private static void Freeze(int bits, params nn.Module[] layers)
    {
        for (var i = 0; i < layers.Length; i++)
            if ((bits & (1 << i)) != 0)
                foreach (var parameter in layers[i].parameters()) parameter.requires_grad_(false);
    }

    private static Tensor Wide(Tensor x) => x.to_type(ScalarType.Float64);

    private static Tensor Norm(Tensor x, Tensor weight) => x / (x * x).mean([-1], keepdim: true).Plus(Epsilon).sqrt() * weight;

    /// <summary>Value and every gradient, pulled at random, against autograd on the formula in float64.</summary>
    private static void Compare(nn.Module module, Tensor x, Func<Tensor, Tensor> actual, Func<Tensor, Tensor> formula, double tolerance)
    {
        var inputs = module.parameters().Where(p => p.requires_grad).Concat<Tensor>(x.requires_grad ? [x] : []).ToArray();
        var value = actual(x);
        var pull = randn(value.shape, x.dtype);
        if (inputs.Length > 0 && value.numel() > 0) (value * pull).sum().backward();
        var found = inputs.Select(input => input.grad).ToArray();
        foreach (var input in inputs) input.grad = null;

        var expected = formula(Wide(x));
        if (inputs.Length > 0 && value.numel() > 0) (expected * Wide(pull)).sum().backward();
        Close(value, expected, tolerance);
        if (value.numel() == 0) return;
        for (var i = 0; i < inputs.Length; i++) Close(found[i]!, inputs[i].grad!, tolerance);
    }

    private static void Close(Tensor actual, Tensor expected, double tolerance)
    {
        actual.shape.Should().Equal(expected.shape);
        if (expected.numel() == 0) return;
        var error = (Wide(actual) - Wide(expected)).abs().max().item<double>();
        error.Should().BeLessThan(tolerance * (1 + Wide(expected).abs().max().item<double>()));
    }

    private sealed class Failing : IClosedForm
    {
        public IEnumerable<Tensor> Weights => [];

        public Tensor Forward(Tensor[] inputs, List<Tensor>? keep) => inputs[0].clone();

        public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted) => throw new TimeoutException("for a test");
    }

    /// <summary>Three layers behind a norm.</summary>
    private sealed class Projections : nn.Module
    {
        public Projections(long size, bool bias, ScalarType type)
            : base(nameof(Projections))
        {
            register_module("norm", Norm = new RmsNorm(size, Epsilon, type, CPU));
            Layers = [.. new[] { 12, 4, 1 }.Select(outputs => new Dense(size, outputs, bias, type, CPU))];
            for (var i = 0; i < Layers.Length; i++) register_module($"layer{i}", Layers[i]);
        }

        public RmsNorm Norm { get; }

        public Dense[] Layers { get; }

        public Tensor Formula(Tensor x)
        {
            var normed = ClosedFormTests.Norm(x, Wide(Norm.weight));
            return cat([.. Layers.Select(layer => nn.functional.linear(normed, Wide(layer.weight), layer.bias is null ? null : Wide(layer.bias)))], 1);
        }
    }

    /// <summary>The layers of a block, registered so that their parameters are found.</summary>
    private sealed class Block : nn.Module
    {
        public Block(long size, long inner, bool bias, ScalarType type)
            : base(nameof(Block))
        {
            register_module("norm", Norm = new RmsNorm(size, Epsilon, type, CPU));
            register_module("mlp", Mlp = new SwiGlu(size, inner, bias, type, CPU));
        }

        public RmsNorm Norm { get; }

        public SwiGlu Mlp { get; }

        public Tensor Formula(Tensor x)
        {
            var normed = ClosedFormTests.Norm(x, Wide(Norm.weight));
            return x.Plus(Layer(Mlp.Down, nn.functional.silu(Layer(Mlp.Gate, normed)) * Layer(Mlp.Up, normed)));
        }

        private static Tensor Layer(Dense layer, Tensor x) => nn.functional.linear(x, Wide(layer.weight), layer.bias is null ? null : Wide(layer.bias));
    }
}
