using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Benchmarks.Launches;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Layers;

/// <summary>
/// Layers whose weights lie one after the other are one product; whatever happens to one of them, it is what the layers make.
/// </summary>
public sealed class JoinedProductTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();
    private readonly Dense[] _layers = Dense.Joined(6, [3, 5, 4], bias: true, ScalarType.Float32, TestDevice.Value);
    private readonly Tensor _x = randn([2, 6], device: TestDevice.Value);

    public JoinedProductTests()
    {
        foreach (var layer in _layers)
            foreach (var parameter in layer.parameters()) parameter.copy_(randn(parameter.shape, device: CPU));
    }

    [CpuFact("counted in libtorch's dispatcher, which a device of its own does not change")]
    public void Three_layers_cost_one_launch()
    {
        using var joined = new JoinedProduct(_layers);
        Check(joined, isJoined: true);
        using var counter = new OperatorCounter();
        _ = joined.Of(_x);
        counter.Total.Should().Be(1);
    }

    [Fact]
    public void What_is_written_into_one_layer_is_seen_by_the_joined_product_and_by_no_other_layer()
    {
        using var joined = new JoinedProduct(_layers);
        Check(joined, isJoined: true);
        var (first, last) = (_layers[0].forward(_x), _layers[2].forward(_x));
        _layers[1].weight.copy_(randn([5, 6], device: CPU));
        _layers[1].bias!.TimesInPlace(3);
        Check(joined, isJoined: true);
        _layers[0].forward(_x).eq(first).all().item<bool>().Should().BeTrue();
        _layers[2].forward(_x).eq(last).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_stand_in_ends_it_and_the_own_parameter_brings_it_back()
    {
        using var joined = new JoinedProduct(_layers);
        var own = _layers[2].weight;
        _layers[2].Use("weight", new Parameter(own.detach().clone().TimesInPlace(2)));
        Check(joined, isJoined: false);
        _layers[2].Use("weight", own);
        Check(joined, isJoined: true);
        _layers[0].Use("bias", new Parameter(ones([3], device: TestDevice.Value)));
        Check(joined, isJoined: false);
    }

    [Fact]
    public void Layers_made_apart_in_another_order_or_under_an_adapter_are_computed_one_by_one()
    {
        using var apart = new JoinedProduct(Apart(), Apart());
        _ = apart.Of(_x);
        apart.IsJoined.Should().BeFalse();
        using var order = new JoinedProduct(_layers[1], _layers[0]);
        _ = order.Of(_x);
        order.IsJoined.Should().BeFalse();
        using var adapted = new JoinedProduct(_layers);
        _layers[1].Adapter = (_, y) => y.Times(2.0);
        Check(adapted, isJoined: true);
    }

    [Fact]
    public void Every_layer_trains_alone()
    {
        using var grad = enable_grad();
        _layers[0].weight.requires_grad = false;
        _layers[1].forward(_x).sum().backward();
        _layers[0].weight.grad.Should().BeNull();
        _layers[1].weight.grad!.shape.Should().Equal(5, 6);
        _layers[2].weight.grad.Should().BeNull();
    }

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
        _noGrad.Dispose();
        _scope.Dispose();
    }

    private static Dense Apart() => new(6, 3, bias: true, ScalarType.Float32, TestDevice.Value);

    private void Check(JoinedProduct joined, bool isJoined)
    {
        var expected = cat([.. _layers.Select(layer => layer.forward(_x))], 1);
        (joined.Of(_x) - expected).abs().max().item<float>().Should().BeLessThan(Tolerance.Of(1e-5f));
        joined.IsJoined.Should().Be(isJoined);
    }
}
