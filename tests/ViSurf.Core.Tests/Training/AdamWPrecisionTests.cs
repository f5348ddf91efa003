using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>What AdamW computes and keeps in which precision, against the same formulas in managed doubles.</summary>
public sealed class AdamWPrecisionTests : IDisposable
{
    private const int Size = 4096;
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32, true, 8)]        // two moments of 4 bytes
    [InlineData(ScalarType.Float32, ScalarType.BFloat16, true, 4)]       // two of 2
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, true, 12)]      // and 4 for the master copy
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, true, 8)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, false, 8)]
    public void State_costs_bytes_by_dtype_and_frozen_parameters_none(ScalarType weights, ScalarType state, bool master, int bytes)
    {
        using var layer = nn.Linear(3, 2).to(weights);
        layer.bias!.requires_grad = false;
        using var optimizer = new AdamWOptimizer(layer, new AdamWOptions { StateType = state, MasterWeights = master });
        optimizer.StateBytes.Should().Be(0, "nothing has been updated");
        layer.call(ones([1, 3], weights)).sum().backward();
        optimizer.Step();
        layer.bias.grad.Should().BeNull();
        optimizer.StateBytes.Should().Be(6 * bytes, "six weights train, two biases do not");
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.BFloat16, 0.02)]
    public void Updates_follow_a_float64_AdamW(ScalarType state, double tolerance)
    {
        // Gradients with noise, of which the size falls to a tenth half-way: what makes the mean of squares shrink.
        const int Updates = 900;
        var options = new AdamWOptions { LearningRate = _ => 1e-3, WeightDecay = 0.01, StateType = state };
        var (moved, reference) = Run(options, Updates, i => i < 300 ? 1 : 0.1);
        var (length, error) = (Norm(reference), Norm(moved.Zip(reference, (a, b) => a - b)));
        length.Should().BeGreaterThan(0.1 * Math.Sqrt(Size), "the weights went somewhere");
        (error / length).Should().BeLessThan(tolerance);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void bfloat16_weights_follow_a_rate_far_below_their_spacing(bool master)
    {
        using var vector = Vector(0.02, ScalarType.BFloat16);
        var start = Mean(vector.weight!);
        using var optimizer = new AdamWOptimizer(vector, new AdamWOptions { LearningRate = _ => 1e-6, WeightDecay = 0, MasterWeights = master });
        for (var i = 1; i <= 40; i++)
        {
            vector.weight!.sum().backward();
            optimizer.Step();
            optimizer.ZeroGradients();
            // A constant gradient moves a weight by the rate each time. The spacing at 0.02 is 1.2e-4: rounded to nearest nothing would move in
            // 61 updates; so a share of 4096 weights has moved, and their mean strays by √(1e-6 · 40 · 1.2e-4 / 4096) = 1.1e-6.
            if (i % 10 == 0) (start - Mean(vector.weight)).Should().BeApproximately(i * 1e-6, 5e-6);
        }
        vector.weight!.eq(vector.weight[0, 0]).all().item<bool>().Should().BeFalse("each weight is rounded on its own");
    }

    [Fact]
    public void Rounded_to_nearest_the_mean_of_squares_could_not_shrink_and_rounded_stochastically_it_does()
    {
        // v ← 0.999 v from 1: nearest rounding returns 1 for ever, since 0.999 is nearer to 1 than to 1 − 1/256.
        using var random = new DeviceRandom(3, CPU);
        var nearest = ones(Size, ScalarType.BFloat16);
        var stochastic = ones(Size, ScalarType.BFloat16);
        for (var i = 0; i < 1000; i++)
        {
            using var step = NewDisposeScope();
            nearest.copy_(nearest.to_type(ScalarType.Float32).Times(0.999f).to_type(ScalarType.BFloat16));
            stochastic.copy_(StochasticRounding.ToBFloat16(stochastic.to_type(ScalarType.Float32).Times(0.999f), random));
        }
        nearest.eq(Scalars.Of(1)).all().item<bool>().Should().BeTrue();
        // 0.999^1000 = 0.368; one number strays by some percent, 4096 of them together by 1/64 of that.
        var (mean, deviation) = (Mean(stochastic), stochastic.to_type(ScalarType.Float64).std().item<double>());
        mean.Should().BeApproximately(Math.Pow(0.999, 1000), 0.005);
        (deviation / mean).Should().BeInRange(0.005, 0.1);
    }

    [Fact]
    public void A_mean_of_constant_gradients_rounded_to_nearest_would_stop_short()
    {
        // m ← 0.9 m + 0.1 · 1: nearest rounding stops once 0.1 (1 − m) is below half the spacing 1/256, about 2 % short.
        using var random = new DeviceRandom(4, CPU);
        var nearest = zeros(Size, ScalarType.BFloat16);
        var stochastic = zeros(Size, ScalarType.BFloat16);
        for (var i = 0; i < 200; i++)
        {
            using var step = NewDisposeScope();
            nearest.copy_(nearest.to_type(ScalarType.Float32).Times(0.9f).Plus(0.1f).to_type(ScalarType.BFloat16));
            stochastic.copy_(StochasticRounding.ToBFloat16(stochastic.to_type(ScalarType.Float32).Times(0.9f).Plus(0.1f), random));
        }
        Mean(nearest).Should().BeInRange(0.97, 0.99);
        Mean(stochastic).Should().BeApproximately(1, 0.001);
    }

    [Fact]
    public void Stochastic_rounding_goes_to_a_neighbour_as_often_as_the_other_is_far()
    {
        // Spacing above 1 is 1/128, below 1 it is 1/256.
        double[] values = [1 + 0.25 / 128, -1 - 0.75 / 128, 1 - 0.5 / 256, 3, 0, 1e-30];
        using var random = new DeviceRandom(5, CPU);
        foreach (var value in values)
        {
            var x = zeros(100_000, ScalarType.Float64).Plus(value);
            var rounded = StochasticRounding.ToBFloat16(x, random).to_type(ScalarType.Float64);
            var spacing = value == 0 ? 0 : Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(value))) - 7);
            rounded.Plus(-value).abs().max().item<double>().Should().BeLessThanOrEqualTo(spacing, $"of {value} only the two neighbours will do");
            // The mean of 100 000 draws strays by spacing / 2 / √100000 = spacing / 632.
            Mean(rounded).Should().BeApproximately(value, spacing / 100);
        }
    }

    [Fact]
    public void bfloat16_moments_resume_bit_for_bit_and_are_refused_by_float32_ones()
    {
        var options = new AdamWOptions { LearningRate = _ => 1e-3, StateType = ScalarType.BFloat16 };
        using var whole = Vector();
        using var first = new AdamWOptimizer(whole, options);
        Train(whole, first, 0, 6, _ => 1);

        using var part = Vector();
        using var stopped = new AdamWOptimizer(part, options);
        Train(part, stopped, 0, 3, _ => 1);
        using var file = new MemoryStream();
        stopped.Save(file);
        file.Position = 0;
        using var resumed = new AdamWOptimizer(part, options);
        resumed.Load(file);
        Train(part, resumed, 3, 6, _ => 1);
        part.weight!.equal(whole.weight!).all().item<bool>().Should().BeTrue();

        file.Position = 0;
        using var other = new AdamWOptimizer(part, options with { StateType = ScalarType.Float32 });
        FluentActions.Invoking(() => other.Load(file)).Should().Throw<InvalidDataException>().WithMessage("*'weight'*StateType*");
    }

    [Fact]
    public void A_state_type_that_is_neither_is_refused()
        => FluentActions.Invoking(() => new AdamWOptions { StateType = ScalarType.Float16 }).Should().Throw<ArgumentException>().WithMessage("*Float32 or BFloat16*Float16*");

    [Theory]
    [InlineData(10, 3, 4, 1)]       // 30 numbers: pieces of one row of 3
    [InlineData(10, 3, 7, 2)]
    [InlineData(10, 3, 29, 9)]
    [InlineData(10, 3, 30, 10)]     // as a whole
    [InlineData(4, 100, 7, 1)]      // a row longer than a piece
    public void A_tensor_comes_in_pieces_that_cover_it_once(int rows, int columns, int elements, int rowsOfPiece)
    {
        var tensor = ScalarOps.Range((long)rows * columns).view(columns, rows).t();
        var parts = TensorParts.Of(tensor, elements);
        var pieces = Enumerable.Range(0, parts.Count).Select(i => parts.View(tensor, i)).ToArray();
        cat(pieces, 0).equal(tensor).all().item<bool>().Should().BeTrue();
        pieces[0].shape[0].Should().Be(rowsOfPiece);
    }

    [Fact]
    public void A_parameter_larger_than_a_piece_is_updated_to_its_end()
    {
        using var layer = nn.Linear(1, TensorParts.Elements + 3, hasBias: false);
        using var optimizer = new AdamWOptimizer(layer, new AdamWOptions { LearningRate = _ => 0.5, WeightDecay = 0 });
        using (no_grad()) layer.weight!.fill_(Scalars.Of(1));
        layer.weight!.sum().backward();
        optimizer.GradientNorm().item<float>().Should().BeApproximately((float)Math.Sqrt(TensorParts.Elements + 3), 1);
        optimizer.Step();
        // The first update of AdamW is the rate times the gradient's sign.
        layer.weight.Plus(-0.5).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    /// <returns>The movement of every weight by our optimizer, and by the same formulas in doubles.</returns>
    private static (double[] Ours, double[] Reference) Run(AdamWOptions options, int updates, Func<int, double> size)
    {
        using var vector = Vector();
        var start = vector.weight!.detach().to(ScalarType.Float64).data<double>().ToArray();
        using var optimizer = new AdamWOptimizer(vector, options);
        var (w, m, v) = (start.ToArray(), new double[Size], new double[Size]);
        Train(vector, optimizer, 0, updates, size, (i, gradient) =>
        {
            var (c1, c2) = (1 - Math.Pow(options.Beta1, i + 1), 1 - Math.Pow(options.Beta2, i + 1));
            for (var k = 0; k < Size; k++)
            {
                double g = gradient[k];
                (m[k], v[k]) = (options.Beta1 * m[k] + (1 - options.Beta1) * g, options.Beta2 * v[k] + (1 - options.Beta2) * g * g);
                w[k] -= options.LearningRate(i) * (options.WeightDecay * w[k] + m[k] / c1 / (Math.Sqrt(v[k] / c2) + options.Epsilon));
            }
        });
        var end = vector.weight.detach().to(ScalarType.Float64).data<double>().ToArray();
        return ([.. end.Zip(start, (a, b) => a - b)], [.. w.Zip(start, (a, b) => a - b)]);
    }

    /// <summary>Gradients of size · (±1 + noise), the sign fixed for each weight, the same whatever the weights.</summary>
    private static void Train(Linear vector, AdamWOptimizer optimizer, int from, int to, Func<int, double> size, Action<int, float[]>? each = null)
    {
        for (var i = from; i < to; i++)
        {
            using var step = NewDisposeScope();
            using var random = new Generator((ulong)i, CPU);
            var sign = ScalarOps.Range(Size).remainder(Scalars.Of(2)).Times(2).Minus(1);
            var gradient = TestDevice.Randn([Size], random).Plus(sign).Times(size(i)).to_type(ScalarType.Float32).view_as(vector.weight!);
            vector.weight!.grad = gradient.clone().DetachFromDisposeScope();
            optimizer.Step();
            optimizer.ZeroGradients();
            each?.Invoke(i, gradient.data<float>().ToArray());
        }
    }

    private static Linear Vector(double value = 0.1, ScalarType type = ScalarType.Float32)
    {
        var layer = (Linear)nn.Linear(Size, 1, hasBias: false).to(type);
        using var grad = no_grad();
        layer.weight!.fill_(Scalars.Of(value));
        return layer;
    }

    private static double Mean(Tensor x) => x.detach().to_type(ScalarType.Float64).mean().item<double>();

    public void Dispose() => _scope.Dispose();

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(x => x * x));
}
