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
/// The calling thread takes blocks one after the other, together with whichever threads of the pool come to help. A pool that is busy
/// costs speed, never the result: what nobody else has begun the caller does itself.
/// </summary>
internal sealed class BlockLoop<T>(T work) : IThreadPoolWorkItem
    where T : IBlockWork
{
    private readonly T _work = work;
    private int _taken, _finished;

    /// <summary>Returns when all is done.</summary>
    /// <param name="threads">At most, the caller included.</param>
    public void Run(int threads)
    {
        for (var helper = 1; helper < Math.Min(threads, _work.Blocks); helper++) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        Execute();
        // The last blocks of the others take microseconds: too short to sleep.
        for (var wait = default(SpinWait); Volatile.Read(ref _finished) < _work.Blocks;) wait.SpinOnce(sleep1Threshold: -1);
    }

    /// <summary>Takes blocks until none is left. A helper that comes too late touches nothing but the counter.</summary>
    public void Execute()
    {
        for (int block; (block = Interlocked.Increment(ref _taken) - 1) < _work.Blocks; Interlocked.Increment(ref _finished)) _work.Do(block);
    }
}
