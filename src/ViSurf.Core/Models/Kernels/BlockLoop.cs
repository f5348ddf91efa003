namespace ViSurf.Core.Models.Kernels;

/// <summary>Work on host memory that falls into blocks which know nothing of each other.</summary>
internal interface IBlockWork
{
    /// <summary>How many there are.</summary>
    int Blocks { get; }

    /// <summary>Does one, on any thread. Must not throw.</summary>
    void Do(int block);
}

/// <summary>
/// Threads take blocks one after the other. One that is busy elsewhere costs speed, never the result: what nobody has begun the others do.
/// </summary>
internal sealed class BlockLoop<T>(T work)
    where T : IBlockWork
{
    private readonly T _work = work;
    private int _taken;

    /// <summary>Returns when all is done.</summary>
    /// <param name="threads">At most, the caller included.</param>
    public void Run(int threads) => Run(threads, OpenMp.IsAvailable);

    /// <summary>The same, with a choice of threads.</summary>
    /// <param name="threads">At most, the caller included.</param>
    /// <param name="openMp">libtorch's; otherwise the pool's.</param>
    public void Run(int threads, bool openMp)
    {
        if (Math.Min(threads, _work.Blocks) <= 1) Take();
        // All threads, though there be fewer blocks: GCC's runtime ends those that a smaller team has no place for, and starts them anew.
        else if (openMp) OpenMp.Run(Take, threads);
        else Parallel.For(0, Math.Min(threads, _work.Blocks), _ => Take());
    }

    private void Take()
    {
        for (int block; (block = Interlocked.Increment(ref _taken) - 1) < _work.Blocks;) _work.Do(block);
    }
}
