using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Common.Aten;

public sealed class AtenOperatorTests
{
    private static readonly AtenOperator RmsNorm = new("_fused_rms_norm", "",
        "_ZN2at4_ops15_fused_rms_norm4callERKNS_6TensorEN3c108ArrayRefIlEERKSt8optionalIS2_ES8_IdE");

    private static readonly AtenOperator Multiply = new("mul", "Tensor", "_ZN2at4_ops10mul_Tensor4callERKNS_6TensorES4_");

    [Fact]
    public void An_operator_with_a_list_an_optional_tensor_and_an_optional_number_gives_the_formula_and_its_gradients()
    {
        RmsNorm.IsAvailable.Should().BeTrue();
        using var scope = NewDisposeScope();
        var x = randn([3, 8], ScalarType.Float64, CPU).requires_grad_();
        var w = randn([8], ScalarType.Float64, CPU).requires_grad_();

        var (normed, _) = RmsNorm.CallForTwo(
            AtenArgument.Of(x), AtenArgument.Of([8L]), AtenArgument.Optional(w), AtenArgument.Optional(1e-6));
        var (dx, dw) = Gradients(normed, x, w);
        var plain = x * (x * x).mean([-1], keepdim: true).Plus(tensor(1e-6, ScalarType.Float64)).rsqrt() * w;
        var (px, pw) = Gradients(plain, x, w);

        normed.allclose(plain, 1e-12, 1e-12).Should().BeTrue();
        dx.allclose(px, 1e-12, 1e-12).Should().BeTrue();
        dw.allclose(pw, 1e-12, 1e-12).Should().BeTrue();
    }

    [Fact]
    public void An_optional_argument_can_be_none()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 3.0, 4.0 }).reshape(1, 2);

        var (normed, _) = RmsNorm.CallForTwo(AtenArgument.Of(x), AtenArgument.Of([2L]), AtenArgument.None, AtenArgument.Optional(0.0));

        // rms of 3 and 4 is √12.5.
        normed[0, 0].item<double>().Should().BeApproximately(3 / Math.Sqrt(12.5), 1e-12);
    }

    [Fact]
    public void Arguments_stay_the_callers_and_nothing_is_left_behind()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (ones([4], device: CPU), full([4], Scalars.Of(2.5), device: CPU));
        for (var i = 0; i < 2000; i++)
        {
            using var product = Multiply.Call(AtenArgument.Of(x), AtenArgument.Of(y));
            if (i % 500 == 0) GC.Collect();
            product.sum().item<float>().Should().Be(10);
        }
        x.sum().item<float>().Should().Be(4);
        y.sum().item<float>().Should().Be(10);
    }

    [Fact]
    public void An_operator_that_libtorch_does_not_have_is_said_to_be_missing()
        => new AtenOperator("_no_such_operator", "", "_ZN2at4_ops17_no_such_operator4callERKNS_6TensorE").IsAvailable.Should().BeFalse();

    [Fact]
    public void Arguments_that_libtorch_refuses_are_an_exception_with_their_shapes()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (ones([2, 3], device: CPU), ones([4, 5], device: CPU));

        FluentActions.Invoking(() => Multiply.Call(AtenArgument.Of(x), AtenArgument.Of(y)))
            .Should().Throw<InvalidOperationException>().WithMessage("*aten::mul*[2, 3]*[4, 5]*");
    }

    private static (Tensor X, Tensor W) Gradients(Tensor y, Tensor x, Tensor w)
    {
        var gradients = autograd.grad([(y * y).sum()], [x, w]);
        return (gradients[0], gradients[1]);
    }
}
