using CsCheck;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Kernels;

/// <summary>Few rows times weights, without MKL.</summary>
[Collection(Alone.Name)]
public sealed class FewRowsProductTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();
    private readonly int _threads = get_num_threads();

    [CpuFact("SIMD loops over host memory")]
    public void Products_of_any_size_are_those_of_float64()
    {
        if (!HostMemory.IsSupported) return;
        Gen.Select(Gen.Int[1, 128], Gen.Int[1, 70], Gen.Int[1, 90]).Sample(IsExact, iter: 60, threads: 1);
    }

    [CpuFact("SIMD loops over host memory")]
    public void A_large_product_of_three_panels_many_blocks_and_a_tail_on_four_threads_is_that_of_float64()
    {
        if (!HostMemory.IsSupported) return;
        set_num_threads(4);
        IsExact(37, 4100, 1003).Should().BeTrue();
    }

    [CpuFact("SIMD loops over host memory")]
    public void A_row_does_not_depend_on_its_neighbours()
    {
        if (!HostMemory.IsSupported) return;
        var (x, w) = (randn(37, 64), randn(24, 64));
        var all = FewRowsProduct.Of(x, w);
        for (var row = 0; row < 37; row++) FewRowsProduct.Of(x.narrow(0, row, 1), w).equal(all.narrow(0, row, 1)).all().item<bool>().Should().BeTrue();
    }

    [CpuFact("SIMD loops over host memory")]
    public void One_thread_and_many_make_the_same_numbers()
    {
        if (!HostMemory.IsSupported) return;
        // 40 blocks of 128 KiB.
        var (x, w) = (randn(16, 512), randn(2560, 512));
        set_num_threads(1);
        var alone = FewRowsProduct.Of(x, w);
        set_num_threads(4);
        for (var i = 0; i < 20; i++) FewRowsProduct.Of(x, w).equal(alone).all().item<bool>().Should().BeTrue();
    }

    [CpuFact("SIMD loops over host memory")]
    public unsafe void AVX2_and_AVX_512_sum_in_the_same_order()
    {
        if (!HostMemory.IsSupported) return;
        const int inputs = 45;
        var (packed, w) = (randn(inputs, FewRowsKernel.Panel), randn(FewRowsKernel.Columns, inputs));
        var (wide, narrow) = (zeros(FewRowsKernel.Columns, FewRowsKernel.Panel), zeros(FewRowsKernel.Columns, FewRowsKernel.Panel));
        FewRowsKernel.Wide(HostMemory.Start(packed), HostMemory.Start(w), inputs, HostMemory.Start(wide), fetch: false);
        FewRowsKernel.Narrow(HostMemory.Start(packed), HostMemory.Start(w), inputs, HostMemory.Start(narrow), fetch: false);
        wide.equal(narrow).all().item<bool>().Should().BeTrue();
        wide.allclose(w.matmul(packed), 1e-4, 1e-5).Should().BeTrue();
    }

    [CpuFact("SIMD loops over host memory")]
    public void Rows_that_lie_apart_are_gathered()
    {
        if (!HostMemory.IsSupported) return;
        var (x, w) = (randn(32, 9), randn(11, 16));
        var turned = x.t().narrow(1, 8, 16);
        FewRowsProduct.Of(turned, w).allclose(turned.matmul(w.t()), 1e-4, 1e-5).Should().BeTrue();
    }

    [CpuTheory("SIMD loops over host memory")]
    [InlineData(128, ScalarType.Float32, true)]
    [InlineData(129, ScalarType.Float32, false)]
    [InlineData(4, ScalarType.BFloat16, false)]
    [InlineData(4, ScalarType.Float64, false)]
    public void Float32_and_few_rows_are_taken(int rows, ScalarType type, bool taken)
    {
        var (x, w) = (randn(rows, 8).to_type(type), randn(8, 8).to_type(type));
        FewRowsProduct.Takes(x, w).Should().Be(taken && HostMemory.IsSupported);
    }

    [CpuFact("SIMD loops over host memory")]
    public void Sizes_that_do_not_fit_are_left_to_libtorch_and_its_message()
    {
        FluentActions.Invoking(() => FewRowsProduct.Linear(randn(4, 7), randn(8, 8))).Should().Throw<Exception>().WithMessage("*shapes cannot be multiplied*");
        FewRowsProduct.Linear(zeros(4, 0), zeros(8, 0)).shape.Should().Equal(4, 8);
    }

    [CpuFact("SIMD loops over host memory")]
    public unsafe void Weights_beyond_2_GiB_begin_where_their_first_row_does()
    {
        // Memory that nobody touches is not taken.
        using var head = empty(150_000, 3600);
        using var row = head.select(0, 0);
        (HostMemory.Start(head) == HostMemory.Start(row)).Should().BeTrue();
    }

    [CpuFact("SIMD loops over host memory")]
    public void A_gradient_is_libtorchs_business()
    {
        using var grad = enable_grad();
        FewRowsProduct.Takes(randn(4, 8), randn(8, 8)).Should().BeFalse();
        using var layer = new Dense(8, 8, bias: true, ScalarType.Float32, CPU);
        using (no_grad())
        {
            layer.weight.normal_();
            layer.bias!.normal_();
        }
        layer.Forward(randn(4, 8), decoding: true).sum().backward();
        layer.weight.grad.Should().NotBeNull();
    }

    [CpuFact("SIMD loops over host memory")]
    public void A_layer_adds_its_bias()
    {
        using var layer = new Dense(8, 24, bias: true, ScalarType.Float32, CPU);
        layer.weight.normal_();
        layer.bias!.normal_();
        var x = randn(5, 8);
        layer.Forward(x, decoding: true).allclose(x.matmul(layer.weight.t()).Plus(layer.bias!), 1e-4, 1e-5).Should().BeTrue();
    }

    public void Dispose()
    {
        set_num_threads(_threads);
        _noGrad.Dispose();
        _scope.Dispose();
    }

    private static bool IsExact(int rows, int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var (x, w) = (randn(rows, inputs), randn(outputs, inputs));
        var exact = x.to_type(ScalarType.Float64).matmul(w.to_type(ScalarType.Float64).t());
        // A sum of K terms of size 1 is off by at most K roundings of 2⁻²⁴ of its terms' sizes.
        var bound = x.abs().to_type(ScalarType.Float64).matmul(w.abs().to_type(ScalarType.Float64).t()).Times((inputs + 1) * Math.Pow(2, -24));
        return (FewRowsProduct.Of(x, w) - exact).abs().le(bound).all().item<bool>();
    }
}
