using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace ViSurf.Core.Tests.Benchmarks.Launches;

/// <summary>
/// Launches of an update on the fused way, which CUDA takes, at 28 layers: docs/benchmarks.md has them beside those of the plain way. A
/// number here may fall, and only fall.
/// </summary>
public sealed class UpdateLaunchTests(ITestOutputHelper output)
{
    [CpuTheory("operators are counted as the CPU dispatches them")]
    [InlineData(true, 1846, 3011, 5, 2)]
    [InlineData(false, 1073, 2075, 6, 2374)]
    public void An_update_launches_no_more_than_it_did_and_waits_for_nothing(bool lora, int score, int backward, int norm, int step)
    {
        using var update = new UpdateLaunches(fused: true, lora);
        var counts = update.Count();
        output.WriteLine($"{counts}");
        counts.Score.Should().BeLessThanOrEqualTo(score);
        counts.Backward.Should().BeLessThanOrEqualTo(backward);
        counts.Norm.Should().BeLessThanOrEqualTo(norm);
        counts.Step.Should().BeLessThanOrEqualTo(step);
        counts.Waits.Should().Be(0);
    }
}
