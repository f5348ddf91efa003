using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Layers;

/// <summary>Sums over rows do not depend on who makes them.</summary>
[Collection(Alone.Name)]
public sealed class NormThreadsTests
{
    [CpuFact("SIMD kernels")]
    public void One_thread_and_many_make_the_same_gradients()
    {
        if (!HostMemory.IsSupported) return;
        var threads = get_num_threads();
        try
        {
            using var scope = NewDisposeScope();
            var (x, dy, weight) = (randn(1500, 64), randn(1500, 64), randn(64));
            var (_, scales) = HostNorm.Of(x, weight, 1e-6);
            (float[] Rows, float[] Weight) Gradients(int count)
            {
                set_num_threads(count);
                var dx = empty_like(x);
                var sum = HostNorm.Gradient(dy, dx, x, weight, scales, null, wantsWeight: true)!;
                return (dx.data<float>().ToArray(), sum.data<float>().ToArray());
            }
            var alone = Gradients(1);
            var together = Gradients(4);
            together.Rows.Should().Equal(alone.Rows);
            together.Weight.Should().Equal(alone.Weight);
        }
        finally
        {
            set_num_threads(threads);
        }
    }
}
