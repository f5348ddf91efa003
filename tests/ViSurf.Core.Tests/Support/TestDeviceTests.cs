using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>What holds of the test device wherever the suite runs.</summary>
public sealed class TestDeviceTests
{
    [Fact]
    public void Tensors_and_modules_of_tests_are_made_on_it()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using var layer = nn.Linear(2, 3);
        using var table = nn.Embedding(2, 3);
        Tensor[] made =
        [
            tensor(new[] { 1f }), tensor(1.0), zeros(2), ones(2), empty(2), full([2], Scalars.Of(1.0)),
            arange(Scalars.Of(0), Scalars.Of(3), Scalars.Of(1)), eye(2), linspace(0, 1, 2),
            randn(2), rand(2), randint(0, 2, [2]), layer.weight!, table.weight!,
            TestDevice.Randn([2], generator), TestDevice.Rand([2], generator), TestDevice.RandInt(0, 9, [2], generator),
        ];
        made.Should().OnlyContain(t => t.device_type == TestDevice.Value.type);
    }

    [Fact]
    public void Seeded_numbers_are_those_of_the_CPU()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using var again = new Generator(1, CPU);
        var (here, there) = (TestDevice.Randn([5], generator), randn([5], device: CPU, generator: again));
        TestDevice.BytesOf(here).Should().Equal(there.bytes.ToArray());
    }

    [Fact]
    public void A_test_of_the_CPU_alone_is_skipped_elsewhere_with_its_reason()
        => new CpuFactAttribute("SIMD").Skip.Should().Be(TestDevice.IsCpu ? null : "On the CPU alone: SIMD.");

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:x")]
    public void Another_name_is_refused(string name)
    {
        var device = () => TestDevice.Of(name);
        device.Should().Throw<ArgumentException>().WithMessage($"Expected a device 'cpu', 'cuda' or 'cuda:N', got '{name}'.*");
    }
}
