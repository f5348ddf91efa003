using FluentAssertions;
using ViSurf.Core.Benchmarks.Launches;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Benchmarks.Launches;

public sealed class OperatorCounterTests
{
    [Fact]
    public void Views_cost_nothing_an_operator_one_launch_and_a_composite_what_it_is_made_of()
    {
        using var scope = NewDisposeScope();
        var (x, w) = (ones([4, 6], device: CPU), ones([6, 3], device: CPU));
        using var counter = new OperatorCounter();

        _ = x.t().reshape(6, 2, 2).narrow(0, 1, 2).unsqueeze(0);
        counter.Total.Should().Be(0);
        _ = x.mul(x);
        counter.Total.Should().Be(1);
        // matmul of two matrices is mm; the transpose of the result is copied by contiguous.
        _ = x.matmul(w).t().contiguous();
        counter.Launches.Should().BeEquivalentTo(new Dictionary<string, int> { ["aten::mul"] = 1, ["aten::mm"] = 1, ["aten::copy_"] = 1 });
        // A cast to the same dtype is none, to another a copy.
        _ = x.to_type(ScalarType.Float32);
        _ = x.to_type(ScalarType.Float64);
        counter.Launches["aten::copy_"].Should().Be(2);
    }

    [Fact]
    public void A_backward_pass_is_counted_and_so_is_a_value_that_the_host_waits_for()
    {
        using var scope = NewDisposeScope();
        var x = ones([4], device: CPU).requires_grad_();
        var sum = (x * x).sum();
        using var counter = new OperatorCounter();

        sum.backward();
        // The gradient of sum is a view of ones; the product has two sides, which are added.
        counter.Launches.Should().BeEquivalentTo(new Dictionary<string, int> { ["aten::fill_"] = 1, ["aten::mul"] = 2, ["aten::add_"] = 1 });
        counter.Waits.Should().Be(0);
        using var value = sum.ToScalar();
        counter.Waits.Should().Be(1);
    }

    [Fact]
    public void A_tensor_without_memory_counts_as_any_other()
    {
        using var scope = NewDisposeScope();
        var x = empty([100_000, 100_000], ScalarType.BFloat16, new Device("meta"));
        using var counter = new OperatorCounter();

        _ = nn.functional.linear(x, x);

        counter.ToString().Should().Be("1 aten::mm");
    }
}
