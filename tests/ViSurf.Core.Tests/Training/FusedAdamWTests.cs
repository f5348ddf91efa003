using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>The fused way of the optimizer against the plain one, which has its own references.</summary>
public sealed class FusedAdamWTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Updates_of_many_tensors_equal_the_plain_ones_to_rounding(bool decayVectors)
    {
        var options = new AdamWOptions { LearningRate = LearningRate.Linear(1e-2, 40), WeightDecay = 0.1, DecayVectors = decayVectors };
        var (plain, fused) = (new Layers(), new Layers());
        using var one = new AdamWOptimizer(plain, options with { Fused = false });
        using var other = new AdamWOptimizer(fused, options with { Fused = true });
        for (var i = 0; i < 30; i++)
        {
            // One parameter has no gradient in some updates, so counts of updates differ; every third gradient is clipped.
            foreach (var (layers, optimizer) in new[] { (plain, one), (fused, other) })
            {
                layers.Give(i, skipBias: i % 5 == 4);
                optimizer.Step(i % 3 == 0 ? 0.3 : 1);
                optimizer.ZeroGradients();
            }
        }
        other.IsFused.Should().BeTrue();
        foreach (var ((name, a), (_, b)) in plain.named_parameters().Zip(fused.named_parameters()))
            (a - b).abs().max().item<float>().Should().BeLessThan(1e-6f, $"{name} moved by {0.01 * 20:F1} in all");
        other.Slots.Select(slot => slot.Updates).Should().Equal(one.Slots.Select(slot => slot.Updates)).And.Contain([24, 30]);
    }

    [Theory]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.BFloat16, true)]
    public void bfloat16_weights_go_where_the_plain_way_takes_them(ScalarType state, bool master)
    {
        var options = new AdamWOptions { LearningRate = _ => 1e-3, StateType = state, MasterWeights = master };
        double[] Run(bool fused)
        {
            using var scope = NewDisposeScope();
            var layers = new Layers(ScalarType.BFloat16, width: 64);
            var start = layers.Values();
            using var optimizer = new AdamWOptimizer(layers, options with { Fused = fused });
            for (var i = 0; i < 50; i++)
            {
                layers.Give(i, skipBias: false);
                optimizer.Step(0.7);
                optimizer.ZeroGradients();
            }
            if (master)
            {
                // A weight is one of the two neighbours of its copy: closer than bfloat16's spacing, 1/128 of itself.
                foreach (var slot in optimizer.Slots)
                {
                    var copy = slot.Tensors().Single(t => t.Name.EndsWith("master", StringComparison.Ordinal)).Value;
                    (slot.Parameter.to_type(ScalarType.Float32) - copy).abs().lt(copy.abs().Over(128).Plus(1e-30)).all().item<bool>().Should().BeTrue();
                }
            }
            return [.. layers.Values().Zip(start, (a, b) => a - b)];
        }
        var (plain, fused) = (Run(false), Run(true));
        double Length(IEnumerable<double> x) => Math.Sqrt(x.Sum(v => v * v));
        // Both round at random, each with draws of its own; the spacing at 0.1 is 5e-4, the way 50 steps of about 1e-3.
        (Length(plain.Zip(fused, (a, b) => a - b)) / Length(plain)).Should().BeLessThan(master && state == ScalarType.Float32 ? 0.02 : 0.2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_state_saved_by_either_way_goes_on_in_the_other(bool savedFused)
    {
        var options = new AdamWOptions { LearningRate = _ => 1e-2 };
        var (whole, part) = (new Layers(), new Layers());
        using var reference = new AdamWOptimizer(whole, options with { Fused = false });
        using var first = new AdamWOptimizer(part, options with { Fused = savedFused });
        using var second = new AdamWOptimizer(part, options with { Fused = !savedFused });
        using var file = new MemoryStream();
        for (var i = 0; i < 8; i++)
        {
            if (i == 4)
            {
                first.Save(file);
                file.Position = 0;
                second.Load(file);
            }
            foreach (var (layers, optimizer) in new[] { (whole, reference), (part, i < 4 ? first : second) })
            {
                layers.Give(i, skipBias: false);
                optimizer.Step();
                optimizer.ZeroGradients();
            }
        }
        second.Updates.Should().Be(8);
        foreach (var (a, b) in whole.parameters().Zip(part.parameters())) (a - b).abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    [Fact]
    public void The_norm_of_joined_gradients_is_that_of_each()
    {
        // 3² · 5 + 4² · 2, in two dtypes.
        Tensor[] gradients = [full([5], Scalars.Of(3.0), ScalarType.Float32), full([2, 1], Scalars.Of(4.0), ScalarType.BFloat16)];
        GradientNorm.OfJoined(gradients, TestDevice.Value).item<float>().Should().BeApproximately((float)Math.Sqrt(45 + 32), 1e-5f);
        GradientNorm.OfJoined([], TestDevice.Value).item<float>().Should().Be(0);
        // More than one piece, with small ones before and after: 2²⁴ + 3 + 6 ones.
        Tensor[] large = [ones(3), ones(TensorParts.Elements), ones(2, 3)];
        var norm = GradientNorm.OfJoined(large, TestDevice.Value).item<float>();
        norm.Should().BeApproximately((float)Math.Sqrt(TensorParts.Elements + 9), 1e-2f);
        norm.Should().BeApproximately(GradientNorm.OfEach(large, TestDevice.Value).item<float>(), 1e-2f);
    }

    [Fact]
    public void Rounding_by_bits_goes_to_a_neighbour_as_often_as_the_other_is_far_and_keeps_NaN()
    {
        // Spacing above 1 is 1/128, below 1 it is 1/256.
        double[] values = [1 + 0.25 / 128, -1 - 0.75 / 128, 1 - 0.5 / 256, 3, 0, 1e-30];
        using var random = new DeviceRandom(5, TestDevice.Value);
        foreach (var value in values)
        {
            var x = full([1000, 100], Scalars.Of(value), ScalarType.Float32);
            var rounded = empty([1000, 100], ScalarType.BFloat16);
            StochasticRounding.Into(rounded, x, random);
            var wide = rounded.to_type(ScalarType.Float64);
            var spacing = value == 0 ? 0 : Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(value))) - 7);
            wide.Plus(-value).abs().max().item<double>().Should().BeLessThanOrEqualTo(spacing + 1e-12, $"of {value} only the two neighbours will do");
            // The mean of 100 000 draws strays by spacing / 2 / √100000 = spacing / 632.
            wide.mean().item<double>().Should().BeApproximately(value, spacing / 100 + Math.Abs(value) * 1e-7);
        }
        var all = tensor(new uint[] { 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000 }.Select(BitConverter.UInt32BitsToSingle).ToArray());
        var kept = zeros([3], ScalarType.BFloat16);
        StochasticRounding.Into(kept, all, random);
        kept.isnan().all().item<bool>().Should().BeTrue("these are the NaNs that a carry makes numbers of");
    }

    [Fact]
    public void Nothing_is_left_behind_by_an_update()
    {
        var layers = new Layers(ScalarType.BFloat16);
        using var optimizer = new AdamWOptimizer(layers, new AdamWOptions { Fused = true });
        long live = 0;
        for (var i = 0; i < 4; i++)
        {
            layers.Give(i, skipBias: false);
            optimizer.GradientNorm().Dispose();
            optimizer.Step(0.5);
            optimizer.ZeroGradients();
            // The first makes the state.
            if (i > 0) DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
            live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
    }

    public void Dispose() => _scope.Dispose();

    private sealed class Layers : nn.Module
    {
        private readonly Linear first, second;

        public Layers(ScalarType type = ScalarType.Float32, int width = 6)
            : base(nameof(Layers))
        {
            first = nn.Linear(width, width);
            second = nn.Linear(width, 3);
            RegisterComponents();
            this.to(type);
            using var grad = no_grad();
            foreach (var parameter in parameters()) parameter.fill_(Scalars.Of(0.1));
        }

        /// <summary>Gradients that are a function of the update.</summary>
        public void Give(int update, bool skipBias)
        {
            using var scope = NewDisposeScope();
            using var random = new Generator((ulong)update + 1, CPU);
            foreach (var (name, parameter) in named_parameters())
            {
                var gradient = TestDevice.Randn(parameter.shape, random).Plus(0.3).to_type(parameter.dtype);
                if (!skipBias || name != "first.bias") parameter.grad = gradient;
            }
        }

        public double[] Values() => [.. parameters().SelectMany(p => p.detach().to_type(ScalarType.Float64).data<double>().ToArray())];
    }
}
