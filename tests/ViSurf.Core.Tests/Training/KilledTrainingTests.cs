using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class KilledTrainingTests
{
    [Fact]
    public void A_run_that_is_killed_again_and_again_loses_nothing_it_reported_and_never_takes_half_a_checkpoint_for_one()
    {
        using var folder = new TemporaryDirectory();
        var report = new KilledTraining(folder.File("run")).Run(kills: 12);
        report.Kills.Should().Be(12);
        report.Steps.Should().BePositive("between two kills it makes progress");
    }
}
