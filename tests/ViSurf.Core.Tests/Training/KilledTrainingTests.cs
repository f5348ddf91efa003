using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class KilledTrainingTests
{
    [CpuFact("a GPU adds the parts of a gradient in any order")]
    public void A_run_that_is_killed_again_and_again_loses_nothing_it_reported_and_never_takes_half_a_checkpoint_for_one()
    {
        using var folder = new TemporaryDirectory();
        // A few here; the fuzz project goes on with it for as long as it is let.
        var report = new KilledTraining(folder.File("run")).Run(kills: 8);
        report.Kills.Should().Be(8);
        report.Steps.Should().BePositive("between two kills it makes progress");
    }
}
