using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>Event files as TensorBoard reads them.</summary>
public sealed class TensorBoardMetricsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, 250, TimeSpan.Zero);

    [Fact]
    public void A_clock_that_was_set_back_puts_no_file_before_those_that_are_there()
    {
        using var folder = new TemporaryDirectory();
        string[] names = [Opened(Noon), Opened(Noon.AddHours(-3)), Opened(Noon.AddHours(-2)), Opened(Noon.AddHours(1))];
        names.Should().BeInAscendingOrder(StringComparer.Ordinal).And.OnlyHaveUniqueItems();

        string Opened(DateTimeOffset now)
        {
            var before = Directory.GetFiles(folder.Path);
            using (new TensorBoardMetrics(folder.Path, clock: new StoppedClock(now))) { }
            return Path.GetFileName(Directory.GetFiles(folder.Path).Except(before).Single());
        }
    }

    [Fact]
    public void The_reader_of_these_tests_reads_what_another_writer_wrote()
    {
        EventFile.Crc("123456789"u8.ToArray()).Should().Be(0xE3069283u, "the check value of CRC-32C");
        using var folder = new TemporaryDirectory();
        torch.utils.tensorboard.SummaryWriter(folder.Path).add_scalar("a/b", 0.5f, 300, walltime: 7);
        var events = EventFile.Read(Directory.GetFiles(folder.Path).Single());
        events.Select(e => e.Version).Should().Equal("brain.Event:2", null);
        events[0].Time.Should().BeGreaterThan(1e17, "TorchSharp writes ticks where seconds belong: one of the reasons for a writer of our own");
        (events[1].Step, events[1].Time).Should().Be((300, 7));
        events[1].Scalars.Should().Equal(("a/b", 0.5f));
    }

    [Fact]
    public void A_step_is_one_event_with_a_scalar_for_every_metric()
    {
        using var folder = new TemporaryDirectory();
        var report = ScriptedStep.Plain() with { Step = 123_456 };
        using (var sink = new TensorBoardMetrics(folder.File("run"), clock: new StoppedClock(Noon))) sink.Write(report);
        var file = Directory.GetFiles(folder.File("run")).Should().ContainSingle().Subject;
        Path.GetFileName(file).Should().StartWith("events.out.tfevents.1769860800.", "TensorBoard looks for this name");
        var events = EventFile.Read(file);
        events.Should().HaveCount(2);
        events[0].Should().BeEquivalentTo(new EventFile.Event(1769860800.25, 0, "brain.Event:2", null, []));
        (events[1].Time, events[1].Step).Should().Be((1769860800.25, 123_456));
        events[1].Scalars.Should().Equal(StepMetrics.Of(report).Select(m => (m.Name, (float)m.Value)));
    }

    [Fact]
    public void A_run_that_goes_on_writes_a_later_file_that_drops_what_came_after_its_step()
    {
        using var folder = new TemporaryDirectory();
        for (var opening = 0; opening < 3; opening++)
        {
            using var sink = new TensorBoardMetrics(folder.Path, opening == 0 ? null : 200 * opening, new StoppedClock(Noon));
            sink.Write(200 * opening, new Dictionary<string, double> { ["eval/gIoU"] = opening + 0.25 });
        }
        var files = Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal).Select(EventFile.Read).ToArray();
        files.Select(f => f.Select(e => (e.Step, e.SessionStatus, e.Scalars.Length)).ToArray()).Should().BeEquivalentTo(new (long, ulong?, int)[][]
        {
            [(0, null, 0), (0, null, 1)],
            [(0, null, 0), (200, 1, 0), (200, null, 1)],
            [(0, null, 0), (400, 1, 0), (400, null, 1)],
        }, o => o.WithStrictOrdering());
        files[2][2].Scalars.Should().Equal(("eval/gIoU", 2.25f));
    }

    [Fact]
    public void What_is_not_finite_stays_what_it_is()
    {
        using var folder = new TemporaryDirectory();
        using (var sink = new TensorBoardMetrics(folder.Path)) sink.Write(0, new Dictionary<string, double> { ["a"] = double.NaN, ["b"] = double.NegativeInfinity });
        EventFile.Read(Directory.GetFiles(folder.Path).Single())[1].Scalars.Should().Equal(("a", float.NaN), ("b", float.NegativeInfinity));
    }
}
