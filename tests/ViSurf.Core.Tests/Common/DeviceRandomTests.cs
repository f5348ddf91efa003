using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Common;

public sealed class DeviceRandomTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void On_the_CPU_it_draws_what_a_generator_of_that_seed_draws()
    {
        using var generator = new Generator(7, CPU);
        using var random = new DeviceRandom(7, CPU);
        Numbers(random.Uniform([3, 5], ScalarType.Float32)).Should().Equal(Numbers(rand([3, 5], ScalarType.Float32, CPU, generator: generator)));
        var (ours, theirs) = (empty([20], ScalarType.Float32, CPU), empty([20], ScalarType.Float32, CPU));
        random.FillNormal(ours, 1, 0.1);
        Numbers(ours).Should().Equal(Numbers(theirs.normal_(1, 0.1, generator)), "the second draw goes on where the first ended");
    }

    [Fact]
    public void Elsewhere_no_generator_of_the_CPU_is_asked()
    {
        using var random = new DeviceRandom(1, META);
        random.Uniform([4], ScalarType.Float32).device_type.Should().Be(DeviceType.META, "libtorch refuses a generator of another device");
        random.FillNormal(empty([4], ScalarType.Float32, META), 0, 1);
    }

    private static float[] Numbers(Tensor x) => x.data<float>().ToArray();
}
