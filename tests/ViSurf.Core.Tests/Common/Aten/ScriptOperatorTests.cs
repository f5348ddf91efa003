using System.Runtime.InteropServices;
using FluentAssertions;
using ViSurf.Core.Common.Aten;
using ViSurf.Core.Models.QwenVl.Groups;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Common.Aten;

public sealed class ScriptOperatorTests
{
    /// <summary>Its results are four tensors and a number, so libtorch's C interface cannot return them.</summary>
    private static readonly ScriptOperator BatchNorm = new("normed",
        "def normed(x: Tensor) -> Tensor:\n    return torch._batch_norm_impl_index(x, None, None, None, None, True, 0.1, 0.0, False)[0]\n",
        "_ZN2at4_ops22_batch_norm_impl_index4callERKNS_6TensorERKSt8optionalIS2_ES8_S8_S8_bddb");

    [Fact]
    public void An_operator_with_results_of_several_kinds_gives_the_first_with_its_gradient()
    {
        BatchNorm.IsAvailable.Should().BeTrue();
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 3 }, device: CPU).reshape(2, 1).requires_grad_();

        var normed = BatchNorm.Call(x);
        // Mean 2, variance 1. The gradient of any sum of normed rows is 0: their mean stays what it is.
        var gradient = autograd.grad([normed.sum()], [x])[0];

        normed.data<float>().ToArray().Should().Equal(-1, 1);
        gradient.data<float>().ToArray().Should().OnlyContain(g => Math.Abs(g) < 1e-6);
    }

    [Fact]
    public void Nothing_but_the_result_is_left_behind_and_arguments_stay_the_callers()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 3 }, device: CPU).reshape(2, 1);
        var live = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 300; i++)
        {
            using var normed = BatchNorm.Call(x);
            if (i % 100 == 0) GC.Collect();
        }
        TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live);
        x.data<float>().ToArray().Should().Equal(1, 3);
    }

    [Fact]
    public void An_operator_that_libtorch_does_not_have_is_said_to_be_missing_and_its_script_is_never_read()
    {
        var none = new ScriptOperator("f", "def f(x: Tensor) -> Tensor:\n    return torch._no_such_operator(x)\n", "_ZN2at4_ops17_no_such_operator4callERKNS_6TensorE");

        none.IsAvailable.Should().BeFalse();
        FluentActions.Invoking(() => none.Call()).Should().Throw<InvalidOperationException>().WithMessage("*_no_such_operator*");
    }

    [Fact]
    public void The_script_of_flash_attention_fits_its_operator_which_says_that_a_CPU_has_none()
    {
        using var scope = NewDisposeScope();
        var x = ones([1, 2, 4, 8], device: CPU);

        FlashAttention.Operator.IsAvailable.Should().BeTrue();
        FluentActions.Invoking(() => FlashAttention.Operator.Call(x, x, x))
            .Should().Throw<ExternalException>().WithMessage("*_scaled_dot_product_flash_attention*CPU*");
    }
}
