using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.Kernels;
using Xunit;

namespace ViSurf.Core.Tests.Models.Kernels;

/// <summary>Loops that threads share.</summary>
public sealed class BlockLoopTests
{
    [Theory]
    [InlineData(0, 4, true)]
    [InlineData(1, 4, true)]
    [InlineData(1000, 1, true)]
    [InlineData(1000, 2, true)]
    [InlineData(1000, 8, true)]
    [InlineData(0, 4, false)]
    [InlineData(1000, 2, false)]
    [InlineData(1000, 8, false)]
    public void Every_block_is_done_once(int blocks, int threads, bool openMp)
    {
        using var loaded = torch.zeros(1);
        var done = new int[blocks];
        new BlockLoop<Counting>(new Counting(done)).Run(threads, openMp && OpenMp.IsAvailable);
        done.Should().Equal(Enumerable.Repeat(1, blocks));
    }

    [Fact]
    public void Threads_that_loop_at_the_same_time_do_not_disturb_each_other()
    {
        using var loaded = torch.zeros(1);
        var all = Enumerable.Range(0, 6).Select(_ => new int[400]).ToArray();
        var threads = all.Select(done => new Thread(() => new BlockLoop<Counting>(new Counting(done)).Run(3))).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        all.Should().OnlyContain(done => done.All(times => times == 1));
    }

    [Fact]
    public async Task Blocks_run_on_more_than_one_thread()
    {
        using var loaded = torch.zeros(1);
        var meet = new Meeting(2);
        // Each of the two blocks waits for the other: one thread alone would never end.
        await Task.Run(() => new BlockLoop<Meeting>(meet).Run(2)).WaitAsync(TimeSpan.FromSeconds(30));
        meet.Met.Should().Be(2);
    }

    [Fact]
    public void On_Linux_libtorchs_own_threads_are_found()
    {
        using var loaded = torch.zeros(1);
        OpenMp.IsAvailable.Should().Be(OperatingSystem.IsLinux());
    }

    private readonly struct Counting(int[] done) : IBlockWork
    {
        public int Blocks => done.Length;

        public void Do(int block) => Interlocked.Increment(ref done[block]);
    }

    private sealed class Meeting(int blocks) : IBlockWork
    {
        public int Met;
        private readonly Barrier _barrier = new(blocks);

        public int Blocks => blocks;

        public void Do(int block)
        {
            _barrier.SignalAndWait();
            Interlocked.Increment(ref Met);
        }
    }
}
